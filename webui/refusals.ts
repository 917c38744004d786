import type { RefusalCause } from "../service/http/contract-page.ts"
import { words } from "./words.ts"

/** What mends a refusal, as far as the page can: which button stands beside it. */
export type Remedy =
  | "add"
  | "enable"
  | "password"
  | "certificate"
  | "rights"
  | "trust"
  | "time"
  | "look"
  | "person"
  | "chain"

export const REMEDIES: Readonly<Record<RefusalCause, Remedy | undefined>> = {
  "no-credential": "add",
  "unknown-user": "add",
  "user-disabled": "enable",
  "wrong-password": "password",
  "one-time-password": "person",
  "wrong-grant": "look",
  "too-many-attempts": "password",
  "certificate-and-password": undefined,
  "certificate-name-differs": undefined,
  "certificate-malformed": "certificate",
  "certificate-unknown-authority": "trust",
  "certificate-weak-key": "certificate",
  "certificate-bad-purpose": "certificate",
  "certificate-bad-common-name": "certificate",
  "certificate-not-in-issue-log": "certificate",
  "certificate-revoked": "certificate",
  "certificate-out-of-scope": "trust",
  "certificate-not-yet-valid": "time",
  "certificate-expired": "certificate",
  "certificate-refused-by-tls": "certificate",
  "publish-not-allowed": "rights",
  "subscribe-not-allowed": "rights",
  "will-not-allowed": "rights",
  "client-identifier-taken": "look",
  "tls-handshake": "chain",
  "protocol-error": undefined,
  "connect-timeout": undefined,
  "enhanced-authentication": undefined,
  "maximum-packet-size": undefined,
  "topic-levels": undefined,
  busy: undefined,
  "connections-per-user": "look",
  "sessions-per-user": "look",
  sessions: undefined,
  quota: undefined,
  "renewal-refused": "certificate",
}

export interface CauseWords {
  /** What happened, in a few words. */
  readonly what: string
  /** Why, and what to do. */
  readonly why: string
}

const NEW_CERTIFICATE = {
  en: "Issue a new certificate and put it on the device.",
  de: "Ein neues Zertifikat ausstellen und auf das Gerät bringen.",
}

/** Every cause in plain words. */
export const causeWords = words<Readonly<Record<RefusalCause, CauseWords>>>({
  en: {
    "no-credential": {
      what: "It did not say who it is",
      why: "It sent neither a name with a password nor a certificate. Set one of the two on the device; if it is new, add it here first.",
    },
    "unknown-user": {
      what: "Nobody here has this name",
      why: "Add the device under this name, or correct the name on the device.",
    },
    "user-disabled": { what: "It is disabled here", why: "Someone switched it off. Enable it to let it in again." },
    "wrong-password": {
      what: "Wrong password",
      why: "Correct the password on the device, or set a new one here and enter it there.",
    },
    "one-time-password": {
      what: "Its person has not chosen a password yet",
      why: "A one-time password only opens this page. The person signs in here and chooses one.",
    },
    "wrong-grant": {
      what: "It proves itself in the wrong way",
      why: "Here it is set to a certificate and it came with a password, or the other way round, or its certificate is not the one expected.",
    },
    "too-many-attempts": {
      what: "Too many wrong passwords",
      why: "It has to wait a little after each try. Correct its password; then it is let in at once.",
    },
    "certificate-and-password": {
      what: "It sent a certificate and a password",
      why: "Only one of them counts. Remove the password from the device's settings.",
    },
    "certificate-name-differs": {
      what: "Its username is not the name in its certificate",
      why: "Leave the username empty on the device, or make it the same as the name in the certificate.",
    },
    "certificate-malformed": { what: "Its certificate cannot be read", why: NEW_CERTIFICATE.en },
    "certificate-unknown-authority": {
      what: "Its certificate comes from someone unknown",
      why: "Issue it a certificate here, or trust the authority that signed it.",
    },
    "certificate-weak-key": {
      what: "The key of its certificate is too weak",
      why: "Make a new key on the device (P-256, or RSA of 2048 bits or more) and issue a certificate for it.",
    },
    "certificate-bad-purpose": {
      what: "Its certificate is meant for something else",
      why: `It does not say that it may be used by a client. ${NEW_CERTIFICATE.en}`,
    },
    "certificate-bad-common-name": {
      what: "The name in its certificate cannot be a device's name",
      why: "Names have 1 to 64 letters, digits, dots, hyphens or underscores. Issue a certificate with such a name.",
    },
    "certificate-not-in-issue-log": {
      what: "Its certificate is not in this gateway's books",
      why: `It was signed by this gateway's authority, but not by this gateway as it is now. ${NEW_CERTIFICATE.en}`,
    },
    "certificate-revoked": { what: "Its certificate was revoked", why: NEW_CERTIFICATE.en },
    "certificate-out-of-scope": {
      what: "Its authority may not vouch for this name",
      why: "The authority is trusted for other names only. Widen what it is trusted for, or issue a certificate here.",
    },
    "certificate-not-yet-valid": {
      what: "Its certificate is not valid yet",
      why: "Most likely a clock is wrong: this gateway's, or that of whoever made the certificate. Check the time first.",
    },
    "certificate-expired": {
      what: "Its certificate has expired",
      why: `${NEW_CERTIFICATE.en} If the date here looks wrong, check the time first.`,
    },
    "certificate-refused-by-tls": { what: "Its certificate failed the TLS checks", why: NEW_CERTIFICATE.en },
    "publish-not-allowed": {
      what: "It sent to a topic it may not use",
      why: "The message was not delivered. Correct the topic on the device, or give it the permission.",
    },
    "subscribe-not-allowed": {
      what: "It asked for a topic it may not read",
      why: "Correct the topic on the device, or give it the permission.",
    },
    "will-not-allowed": {
      what: "Its last will goes to a topic it may not use",
      why: "Correct the topic of the will on the device, or give it the permission.",
    },
    "client-identifier-taken": {
      what: "Its client identifier belongs to another",
      why: "Two devices must not share one. Give it an identifier of its own, best its name.",
    },
    "tls-handshake": {
      what: "No secure connection came about",
      why: "Mostly the device does not trust this gateway: put the certificate chain on it. Or it speaks no TLS 1.2, or no TLS at all.",
    },
    "protocol-error": {
      what: "It does not speak proper MQTT",
      why: "Check that the port is the right one for what it speaks, and its firmware.",
    },
    "connect-timeout": {
      what: "It connected and then said nothing",
      why: "Perhaps it is no MQTT client, or its network loses packets.",
    },
    "enhanced-authentication": {
      what: "It asks for a way of signing in that does not exist here",
      why: "Set it to a certificate, or to a name with a password.",
    },
    "maximum-packet-size": {
      what: "It takes only very small packets",
      why: "Raise the maximum packet size in the device's settings.",
    },
    "topic-levels": { what: "Its topic has too many levels", why: "Use a topic with fewer slashes." },
    busy: { what: "Too much at once", why: "The gateway was busy for a moment. The device will come back by itself." },
    "connections-per-user": {
      what: "Too many connections under one name",
      why: "Close the ones that are not needed; a copy of its settings may be in use elsewhere.",
    },
    "sessions-per-user": {
      what: "Too many sessions under one name",
      why: "It uses a new client identifier each time. Give it a fixed one.",
    },
    sessions: { what: "The gateway is full", why: "There is no room for another session. See the limits." },
    quota: { what: "No room to keep its message", why: "The gateway's store for messages is full. See the limits." },
    "renewal-refused": {
      what: "It could not renew its certificate",
      why: "It asked for a new one over MQTT and the request was refused; what the gateway saw tells why. It can also be issued here.",
    },
  },
  de: {
    "no-credential": {
      what: "Es hat nicht gesagt, wer es ist",
      why: "Es kam weder mit Name und Kennwort noch mit einem Zertifikat. Eines davon am Gerät einstellen; ein neues Gerät zuerst hier hinzufügen.",
    },
    "unknown-user": {
      what: "Diesen Namen gibt es hier nicht",
      why: "Das Gerät unter diesem Namen hinzufügen oder den Namen am Gerät berichtigen.",
    },
    "user-disabled": {
      what: "Es ist hier gesperrt",
      why: "Jemand hat es abgeschaltet. Freigeben, damit es wieder hereindarf.",
    },
    "wrong-password": {
      what: "Falsches Kennwort",
      why: "Das Kennwort am Gerät berichtigen oder hier ein neues setzen und dort eintragen.",
    },
    "one-time-password": {
      what: "Die Person hat noch kein Kennwort gewählt",
      why: "Ein Einmalkennwort öffnet nur diese Seite. Die Person meldet sich hier an und wählt eines.",
    },
    "wrong-grant": {
      what: "Es weist sich auf die falsche Art aus",
      why: "Hier ist ein Zertifikat eingestellt und es kam mit Kennwort, oder umgekehrt, oder sein Zertifikat ist nicht das erwartete.",
    },
    "too-many-attempts": {
      what: "Zu viele falsche Kennwörter",
      why: "Nach jedem Versuch muss es kurz warten. Das Kennwort berichtigen, dann kommt es sofort herein.",
    },
    "certificate-and-password": {
      what: "Es schickt Zertifikat und Kennwort",
      why: "Nur eines davon zählt. Das Kennwort aus den Einstellungen des Geräts entfernen.",
    },
    "certificate-name-differs": {
      what: "Benutzername und Name im Zertifikat sind verschieden",
      why: "Den Benutzernamen am Gerät leer lassen oder dem Namen im Zertifikat angleichen.",
    },
    "certificate-malformed": { what: "Sein Zertifikat ist nicht lesbar", why: NEW_CERTIFICATE.de },
    "certificate-unknown-authority": {
      what: "Sein Zertifikat stammt von einer unbekannten Stelle",
      why: "Hier ein Zertifikat ausstellen oder der ausstellenden Stelle vertrauen.",
    },
    "certificate-weak-key": {
      what: "Der Schlüssel seines Zertifikats ist zu schwach",
      why: "Am Gerät einen neuen Schlüssel erzeugen (P-256 oder RSA ab 2048 Bit) und dafür ein Zertifikat ausstellen.",
    },
    "certificate-bad-purpose": {
      what: "Sein Zertifikat ist für etwas anderes gedacht",
      why: `Es ist nicht für Clients ausgestellt. ${NEW_CERTIFICATE.de}`,
    },
    "certificate-bad-common-name": {
      what: "Der Name im Zertifikat taugt nicht als Gerätename",
      why: "Namen haben 1 bis 64 Buchstaben, Ziffern, Punkte, Binde- oder Unterstriche. Ein Zertifikat mit solchem Namen ausstellen.",
    },
    "certificate-not-in-issue-log": {
      what: "Sein Zertifikat steht nicht in den Büchern dieses Gateways",
      why: `Es ist von dieser Zertifizierungsstelle signiert, aber nicht von diesem Gateway in seinem jetzigen Zustand. ${NEW_CERTIFICATE.de}`,
    },
    "certificate-revoked": { what: "Sein Zertifikat wurde widerrufen", why: NEW_CERTIFICATE.de },
    "certificate-out-of-scope": {
      what: "Seine Zertifizierungsstelle darf für diesen Namen nicht bürgen",
      why: "Ihr wird nur für andere Namen vertraut. Das Vertrauen erweitern oder hier ein Zertifikat ausstellen.",
    },
    "certificate-not-yet-valid": {
      what: "Sein Zertifikat gilt noch nicht",
      why: "Wahrscheinlich geht eine Uhr falsch: die des Gateways oder die beim Ausstellen. Zuerst die Uhrzeit prüfen.",
    },
    "certificate-expired": {
      what: "Sein Zertifikat ist abgelaufen",
      why: `${NEW_CERTIFICATE.de} Wirkt das Datum hier falsch, zuerst die Uhrzeit prüfen.`,
    },
    "certificate-refused-by-tls": {
      what: "Sein Zertifikat hat die TLS-Prüfung nicht bestanden",
      why: NEW_CERTIFICATE.de,
    },
    "publish-not-allowed": {
      what: "Es hat an ein nicht erlaubtes Topic gesendet",
      why: "Die Nachricht wurde nicht zugestellt. Das Topic am Gerät berichtigen oder die Berechtigung geben.",
    },
    "subscribe-not-allowed": {
      what: "Es wollte ein nicht erlaubtes Topic lesen",
      why: "Das Topic am Gerät berichtigen oder die Berechtigung geben.",
    },
    "will-not-allowed": {
      what: "Sein Last Will geht an ein nicht erlaubtes Topic",
      why: "Das Topic des Last Will am Gerät berichtigen oder die Berechtigung geben.",
    },
    "client-identifier-taken": {
      what: "Seine Client-Kennung gehört einem anderen",
      why: "Zwei Geräte dürfen sich keine teilen. Eine eigene Kennung einstellen, am besten den Namen.",
    },
    "tls-handshake": {
      what: "Keine sichere Verbindung zustande gekommen",
      why: "Meist vertraut das Gerät diesem Gateway nicht: die Zertifikatskette aufspielen. Oder es spricht kein TLS 1.2 oder gar kein TLS.",
    },
    "protocol-error": {
      what: "Es spricht kein korrektes MQTT",
      why: "Prüfen, ob der Port zu seinem Protokoll passt, und die Firmware prüfen.",
    },
    "connect-timeout": {
      what: "Es hat sich verbunden und dann geschwiegen",
      why: "Vielleicht ist es kein MQTT-Client, oder sein Netz verliert Pakete.",
    },
    "enhanced-authentication": {
      what: "Es verlangt eine Anmeldeart, die es hier nicht gibt",
      why: "Am Gerät ein Zertifikat oder Name und Kennwort einstellen.",
    },
    "maximum-packet-size": {
      what: "Es nimmt nur sehr kleine Pakete an",
      why: "Die maximale Paketgröße in den Einstellungen des Geräts erhöhen.",
    },
    "topic-levels": { what: "Sein Topic hat zu viele Ebenen", why: "Ein Topic mit weniger Schrägstrichen verwenden." },
    busy: { what: "Zu viel auf einmal", why: "Das Gateway war kurz ausgelastet. Das Gerät kommt von selbst wieder." },
    "connections-per-user": {
      what: "Zu viele Verbindungen unter einem Namen",
      why: "Nicht benötigte schließen; vielleicht ist eine Kopie seiner Einstellungen anderswo in Gebrauch.",
    },
    "sessions-per-user": {
      what: "Zu viele Sitzungen unter einem Namen",
      why: "Es verwendet jedes Mal eine neue Client-Kennung. Eine feste einstellen.",
    },
    sessions: { what: "Das Gateway ist voll", why: "Für eine weitere Sitzung ist kein Platz. Siehe die Grenzwerte." },
    quota: {
      what: "Kein Platz, um seine Nachricht aufzuheben",
      why: "Der Nachrichtenspeicher des Gateways ist voll. Siehe die Grenzwerte.",
    },
    "renewal-refused": {
      what: "Es konnte sein Zertifikat nicht erneuern",
      why: "Es hat über MQTT ein neues verlangt, und die Anforderung wurde abgelehnt; was das Gateway gesehen hat, sagt warum. Es lässt sich auch hier ausstellen.",
    },
  },
})
