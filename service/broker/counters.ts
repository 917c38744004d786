/** How often each limit and refusal acted, and what passed through, since the start. Every limit has its name here. */
export class Counters {
  messagesIn = 0
  messagesOut = 0
  connectionsAccepted = 0
  connectionsRefused = 0
  handshakesFailed = 0
  limitConnections = 0
  limitConnectionsPerAddress = 0
  limitConnectionsPerUser = 0
  limitHandshakes = 0
  limitSessions = 0
  limitSessionsPerUser = 0
  limitConnectDeadline = 0
  limitSubscriptions = 0
  limitTopicLevels = 0
  limitPacketBytes = 0
  limitReceiveMaximum = 0
  limitRetained = 0
  limitQueued = 0
  limitPublishRate = 0
  keepAliveTimeouts = 0
  messagesDropped = 0
  publishesRefused = 0
  subscriptionsRefused = 0
  willsRefused = 0
  sessionsExpired = 0
  sessionsTakenOver = 0
  /** Commits of the session store, and those that the disk did not take. */
  storeCommits = 0
  storeFailures = 0
  /** Messages, times sessions, that went to the disk, and those whose receivers were faster. */
  messagesStored = 0
  messagesSpared = 0
}
