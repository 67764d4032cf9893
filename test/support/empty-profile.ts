import type { Profile } from "../../src/domain/user-events.ts";

/** Of somebody whose name matters to nobody. */
export const emptyProfile: Profile = {
  givenName: "",
  familyName: "",
  nickName: "",
  displayName: "",
  preferredLanguage: "",
  gender: 0,
};
