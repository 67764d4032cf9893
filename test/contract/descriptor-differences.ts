/** A place where our contract differs from that of `@zitadel/proto` on purpose. */
export interface AcceptedDifference {
  /** The line that tells the difference (see `differences`), or a pattern of all such lines. */
  readonly line: string | RegExp;
  readonly reason: string;
}

const laterRpc = "The package has this RPC, but a path for it only in a later release: @zitadel/node 3.0.28.";
const signing = "A later release, @zitadel/node 3.0.28, has it: the key that signs calls of the SMS webhook.";

export const acceptedDifferences: readonly AcceptedDifference[] = [
  {
    line: /^zitadel\.user\.v3alpha\.[\w./]+: only with us$/,
    reason: "A generation of early 2024; the package has only its successor, zitadel.resources.user.v3alpha.",
  },
  {
    line: "zitadel.user.v2.UserService/CreateUser: HTTP rule 1 POST /v2/users/new body=* ≠ none",
    reason: laterRpc,
  },
  {
    line: "zitadel.user.v2.UserService/UpdateUser: HTTP rule 1 PATCH /v2/users/{user_id} body=* ≠ none",
    reason: laterRpc,
  },
  {
    line: "zitadel.user.v2.UserService/AddPersonalAccessToken: HTTP rule 1 POST /v2/users/{user_id}/pats body=* ≠ none",
    reason: laterRpc,
  },
  {
    line: "zitadel.user.v2.UserService/RemovePersonalAccessToken: HTTP rule 1 DELETE /v2/users/{user_id}/pats/{token_id} ≠ none",
    reason: laterRpc,
  },
  {
    line: "zitadel.user.v2.UserService/ListPersonalAccessTokens: HTTP rule 1 POST /v2/users/pats/search body=* ≠ none",
    reason: laterRpc,
  },
  { line: "zitadel.settings.v1.HTTPConfig.signing_key: only with us", reason: signing },
  { line: "zitadel.admin.v1.AddSMSProviderHTTPResponse.signing_key: only with us", reason: signing },
  { line: "zitadel.admin.v1.UpdateSMSProviderHTTPResponse.signing_key: only with us", reason: signing },
  {
    line: "zitadel.admin.v1.UpdateSMSProviderHTTPRequest.expiration_signing_key: only with us",
    reason: signing,
  },
  {
    line: /^zitadel\.session\.v2\.(ExpirationDateQuery[\w.]*|SearchQuery\.expiration_date_query): only with us$/,
    reason: "A later release, @zitadel/node 3.0.28, has it: lists of sessions by their end.",
  },
];
