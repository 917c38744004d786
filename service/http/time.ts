/** Milliseconds since the epoch as the API says them: RFC 3339, UTC. */
export function time(ms: number): string {
  return new Date(ms).toISOString()
}
