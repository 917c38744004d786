/** MQTT 5 reason codes (section 2.4) by the standard's names. */
export const Reason = {
  success: 0x00,
  disconnectWithWill: 0x04,
  noMatchingSubscribers: 0x10,
  noSubscriptionExisted: 0x11,
  continueAuthentication: 0x18,
  reAuthenticate: 0x19,
  unspecified: 0x80,
  malformedPacket: 0x81,
  protocolError: 0x82,
  implementationSpecific: 0x83,
  unsupportedProtocolVersion: 0x84,
  clientIdentifierNotValid: 0x85,
  badUserNameOrPassword: 0x86,
  notAuthorized: 0x87,
  serverUnavailable: 0x88,
  serverBusy: 0x89,
  banned: 0x8a,
  serverShuttingDown: 0x8b,
  badAuthenticationMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  packetIdentifierInUse: 0x91,
  packetIdentifierNotFound: 0x92,
  receiveMaximumExceeded: 0x93,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  messageRateTooHigh: 0x96,
  quotaExceeded: 0x97,
  administrativeAction: 0x98,
  payloadFormatInvalid: 0x99,
  connectionRateExceeded: 0x9f,
} as const

export type ReasonCode = (typeof Reason)[keyof typeof Reason]

/** CONNACK return codes of MQTT 3.1 and 3.1.1 (table 3.1); 0 here means: close without a CONNACK. */
export const ReturnCode = {
  none: 0,
  unacceptableProtocolVersion: 1,
  identifierRejected: 2,
  serverUnavailable: 3,
  badUserNameOrPassword: 4,
  notAuthorized: 5,
} as const

/** The CONNACK return code an older client gets for an MQTT 5 reason; the one place where the two tables meet. */
export function returnCodeFor(reason: number): number {
  switch (reason) {
    case Reason.unsupportedProtocolVersion:
      return ReturnCode.unacceptableProtocolVersion
    case Reason.clientIdentifierNotValid:
      return ReturnCode.identifierRejected
    case Reason.serverUnavailable:
    case Reason.serverBusy:
    case Reason.serverShuttingDown:
    case Reason.quotaExceeded:
    case Reason.connectionRateExceeded:
      return ReturnCode.serverUnavailable
    case Reason.badUserNameOrPassword:
      return ReturnCode.badUserNameOrPassword
    case Reason.notAuthorized:
    case Reason.banned:
    case Reason.badAuthenticationMethod:
    case Reason.topicNameInvalid:
      return ReturnCode.notAuthorized
    default:
      return ReturnCode.none
  }
}

/** A peer broke the protocol or asked for what it may not have: the connection ends with `reason`. */
export class ProtocolError extends Error {
  readonly reason: ReasonCode

  constructor(reason: ReasonCode, message: string) {
    super(message)
    this.name = "ProtocolError"
    this.reason = reason
  }
}

export function malformed(what: string): never {
  throw new ProtocolError(Reason.malformedPacket, what)
}

export function violated(what: string): never {
  throw new ProtocolError(Reason.protocolError, what)
}
