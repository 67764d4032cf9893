import type { MessageKey } from "../../domain/errors.ts";

/** The German sentence of every refusal and warning. `{names}` are filled from its params. */
export const german: Readonly<Record<MessageKey, string>> = {
  "Errors.Caller.Busy": "Zu viele Aufrufe warten auf dasselbe. Versuchen Sie es später noch einmal.",
  "Errors.Caller.PermissionDenied": "Dafür fehlt Ihnen die Berechtigung {permission}.",
  "Errors.Channel.Unknown":
    "Den Kanal {channel} gibt es nicht. Der Header ringback-channel ist einer von {known}.",
  "Errors.Code.Alphabet": "Ein Generator braucht mindestens eine Art von Zeichen.",
  "Errors.Code.Length": "Ein Code hat 1 bis {max} Zeichen.",
  "Errors.Code.NotReturnable":
    "Der Code kann nicht zurückgegeben werden: Der SMS-Anbieter erzeugt und prüft die Codes. Lassen Sie ihn senden.",
  "Errors.Code.NotSentYet": "Der Code ist unterwegs. Versuchen Sie es gleich noch einmal.",
  "Errors.Code.ProviderMissing":
    "Der SMS-Anbieter, der den Code erzeugt hat, ist nicht mehr aktiv. Fordern Sie einen neuen Code an.",
  "Errors.Code.ProviderUnavailable":
    "Der SMS-Anbieter, der den Code prüft, ist zurzeit nicht erreichbar. Versuchen Sie es später noch einmal.",
  "Errors.Generator.NotFound":
    "Diesen Generator gibt es nicht: Gezogen werden hier nur Codes für Telefone und Einmalcodes per SMS.",
  "Errors.Idempotency.AnswerLost":
    "Ein Aufruf mit diesem Schlüssel wurde bereits ausgeführt, und seine Antwort ist nicht mehr lesbar.",
  "Errors.Idempotency.KeyInvalid":
    "Der Header Idempotency-Key muss 1 bis {max} druckbare ASCII-Zeichen haben.",
  "Errors.Idempotency.OtherRequest":
    "Der Idempotency-Key gehört zu einer anderen Anfrage. Nehmen Sie für eine neue Anfrage einen neuen.",
  "Errors.Idempotency.TooMany":
    "Zu viele Antworten werden für einen Idempotency-Key aufbewahrt. Versuchen Sie es später oder ohne den Header.",
  "Errors.Inbox.NotActive":
    "Nachrichten gehen nicht an den Posteingang: RINGBACK_SMS nennt einen anderen Anbieter, und unter den Anbietern ist kein Posteingang.",
  "Errors.Inbox.NothingYet": "Es kam rechtzeitig keine solche Nachricht an.",
  "Errors.Limit": "Das Feld {field} überschreitet seine Grenze von {max}.",
  "Errors.LockoutPolicy.AlreadyExists": "Die Organisation hat bereits eine Sperrrichtlinie.",
  "Errors.LockoutPolicy.NotChanged": "Die Sperrrichtlinie ist bereits genau so.",
  "Errors.LockoutPolicy.NotFound": "Die Organisation hat keine eigene Sperrrichtlinie.",
  "Errors.Message.NotFound": "Diese Nachricht gibt es nicht, oder sie ist schon zu lange her.",
  "Errors.MessageText.LanguageInvalid":
    "{language} ist kein Sprachkürzel. Schreiben Sie es wie en oder de-CH.",
  "Errors.MessageText.Malformed":
    "Bei {place} beginnen zwei Klammern, die keine Variable umschließen. Schreiben Sie Variablen wie {example}.",
  "Errors.MessageText.NotFound": "Ein solcher Text wurde nicht gesetzt.",
  "Errors.MessageText.TooMany": "Es darf höchstens {max} Nachrichtentexte geben.",
  "Errors.MessageText.VariableUnknown": "In Nachrichten gibt es keine Variable {variable}.",
  "Errors.NotSupported": "Das Feld {field} wird nicht unterstützt: {reason}.",
  "Errors.NumberNotFinite": "Das Feld {field} enthält eine Zahl, die nicht endlich ist.",
  "Errors.Organization.NotFound": "Diese Organisation gibt es nicht.",
  "Errors.Outbox.Full":
    "Zu viele Nachrichten warten darauf, gesendet zu werden. Versuchen Sie es später noch einmal.",
  "Errors.Role.Unknown": "Die Rolle {role} gibt es nicht. Bekannt sind: {known}.",
  "Errors.SMSConfig.AlreadyActive": "Der SMS-Anbieter ist bereits aktiv.",
  "Errors.SMSConfig.AlreadyInactive": "Der SMS-Anbieter ist nicht aktiv.",
  "Errors.SMSConfig.FormerKeyValid":
    "Der frühere Signaturschlüssel gilt bis {time}, und mehr als zwei gelten nie zugleich. Versuchen Sie es danach noch einmal, oder mit 0s als expiration_signing_key, was beide sofort beendet.",
  "Errors.SMSConfig.InRoute": "Eine Route nennt den SMS-Anbieter {name}: Ändern Sie zuerst die Routen.",
  "Errors.SMSConfig.NotExisting": "Diesen SMS-Anbieter gibt es nicht.",
  "Errors.SMSConfig.OtherKind": "Der SMS-Anbieter ist von der Art {kind}, die sich nicht ändern lässt.",
  "Errors.SMSConfig.SecretMissing": "Das Feld {field} fehlt.",
  "Errors.SMSConfig.TooMany": "Es darf höchstens {max} SMS-Anbieter geben.",
  "Errors.SMSConfig.UrlInvalid":
    "Der Endpunkt muss eine https-URL ohne Benutzer, Passwort und Fragment sein (http nur mit RINGBACK_SMS_ALLOW_PRIVATE=true).",
  "Errors.SMSRoutes.CountryUnknown":
    "Es gibt kein Land {country}, das Telefonnummern hat. Schreiben Sie es wie CH.",
  "Errors.SMSRoutes.ProviderMissing": "Eine Route nennt den SMS-Anbieter {provider}, den es nicht gibt.",
  "Errors.SMSRoutes.ProviderTwice": "Eine Route nennt den SMS-Anbieter {provider} zweimal.",
  "Errors.Session.Expired": "Die Sitzung ist abgelaufen.",
  "Errors.Session.NotExisting": "Diese Sitzung gibt es nicht.",
  "Errors.Session.Terminated": "Die Sitzung wurde beendet.",
  "Errors.Session.Token.Invalid":
    "Das Sitzungs-Token ist nicht das gültige: Jede Änderung der Sitzung bringt ein neues.",
  "Errors.Session.UserChange": "Der Benutzer einer Sitzung kann nicht gewechselt werden.",
  "Errors.Session.UserInactive": "Der Benutzer ist nicht aktiv.",
  "Errors.Store.OutcomeUnknown":
    "Beim Schreiben ist der Speicher ausgefallen, und ob dies geschrieben ist, ist nicht bekannt. Sehen Sie nach, bevor Sie es noch einmal versuchen.",
  "Errors.Store.Unavailable":
    "Der Speicher ist nicht verfügbar, und nichts wurde geschrieben. Versuchen Sie es später noch einmal.",
  "Errors.TextNotUnicode": "Das Feld {field} enthält Text, der kein gültiges Unicode ist.",
  "Errors.Token.Invalid": "Das Token ist ungültig oder abgelaufen.",
  "Errors.Token.IssuerUnavailable":
    "Das Token kann nicht geprüft werden: Sein Aussteller ist nicht erreichbar.",
  "Errors.User.AccessToken.ExpiryPassed": "Das Ablaufdatum ist bereits vorbei.",
  "Errors.User.AccessToken.NotFound": "Der Benutzer hat kein solches Zugriffstoken.",
  "Errors.User.AccessToken.Taken": "Dieses Zugriffstoken gehört bereits einem anderen Benutzer.",
  "Errors.User.AccessToken.TooMany": "Ein Benutzer darf höchstens {max} Zugriffstoken haben.",
  "Errors.User.AccessToken.TooManyUsers":
    "Mehr als {max} Benutzer wären durchzusehen: Grenzen Sie sie mit user_id_filter oder organization_id_filter ein.",
  "Errors.User.AlreadyExisting": "Einen Benutzer mit dieser Id gibt es bereits.",
  "Errors.User.AlreadyInactive": "Der Benutzer ist bereits deaktiviert.",
  "Errors.User.CannotLock": "Nur ein aktiver Benutzer kann gesperrt werden.",
  "Errors.User.Code.Empty": "Auf keinen Code wird gewartet, oder er wurde weggelassen.",
  "Errors.User.Code.Expired": "Der Code ist abgelaufen.",
  "Errors.User.Code.Invalid": "Der Code ist falsch oder abgelaufen.",
  "Errors.User.Code.NotFound": "Kein Code wartet auf eine Antwort.",
  "Errors.User.Locked": "Der Benutzer ist gesperrt.",
  "Errors.User.LoginName.Ambiguous":
    "Mehrere Benutzer haben diesen Anmeldenamen: Nennen Sie den Benutzer mit seiner Id.",
  "Errors.User.MFA.OTP.AlreadyReady": "Einmalcodes gehen bereits an diese Nummer.",
  "Errors.User.MFA.OTP.NotExisting": "Es gibt keine solche Anmeldung für Einmalcodes per SMS.",
  "Errors.User.MFA.OTP.NotReady":
    "Einmalcodes per SMS brauchen eine bestätigte Telefonnummer, die dafür angemeldet ist.",
  "Errors.User.MFA.OTP.NotVerified":
    "Einmalcodes per SMS brauchen eine bestätigte Telefonnummer, und der Benutzer hat keine.",
  "Errors.User.MFA.OTP.TooMany": "Ein Benutzer darf höchstens {max} Registrierungen für Einmalcodes haben.",
  "Errors.User.NotFound": "Diesen Benutzer gibt es nicht.",
  "Errors.User.NotHuman": "Der Benutzer ist eine Maschine; das ist nur für Menschen.",
  "Errors.User.NotInactive": "Der Benutzer ist nicht deaktiviert.",
  "Errors.User.NotLocked": "Der Benutzer ist nicht gesperrt.",
  "Errors.User.NotMachine": "Nur technische Benutzer haben Zugriffstoken.",
  "Errors.User.Phone.AlreadyVerified": "Die Telefonnummer ist bereits bestätigt.",
  "Errors.User.Phone.Contradiction": "Eine leere Telefonnummer kann nicht bestätigt werden.",
  "Errors.User.Phone.Empty": "Die Telefonnummer ist leer.",
  "Errors.User.Phone.Extension": "Eine Telefonnummer mit Durchwahl kann keine SMS empfangen.",
  "Errors.User.Phone.Impossible": "Das kann keine Telefonnummer sein: Ihre Länge passt nicht zu ihrem Land.",
  "Errors.User.Phone.Invalid": "Das ist keine Telefonnummer. Schreiben Sie sie wie +41791234567.",
  "Errors.User.Phone.NoProvider":
    "An diese Nummer kann auf diesem Weg kein Code gesendet werden: Dafür ist kein SMS-Anbieter eingerichtet.",
  "Errors.User.Phone.NoRegion":
    "Schreiben Sie die Telefonnummer mit ihrer Landesvorwahl, wie +41791234567: Es ist keine Region voreingestellt.",
  "Errors.User.Phone.NotChanged": "Das ist die Telefonnummer, die der Benutzer bereits hat.",
  "Errors.User.Phone.NotFound": "Der Benutzer hat keine Telefonnummer.",
  "Errors.User.Phone.Paused":
    "An diese Nummer ging gerade eine SMS. Versuchen Sie es in {seconds} s noch einmal.",
  "Errors.User.Phone.TooManySms":
    "Mehr als {max} SMS in einer Stunde werden nicht gesendet. Versuchen Sie es in {seconds} s noch einmal.",
  "Errors.User.UserIDMissing": "Die Sitzung hat noch keinen Benutzer.",
  "Errors.User.UserName.Taken":
    "Der Benutzername ist vergeben; wo keiner angegeben ist, ist es die E-Mail-Adresse.",
  "Warnings.Text.AndroidLength":
    "Die Nachricht hat {bytes} Bytes: Der SMS Retriever von Android findet Codes in höchstens {max}.",
  "Warnings.Text.Letters":
    "Die Nachricht braucht {segments} Segmente, von denen jedes bezahlt wird. Ohne diese Zeichen könnten es weniger sein: {letters}",
  "Warnings.Text.NoCode": "Der Text enthält den Code nicht: Weder {code} noch {otp} kommt vor.",
  "Warnings.Text.Segments": "Die Nachricht braucht {segments} Segmente, von denen jedes bezahlt wird.",
};
