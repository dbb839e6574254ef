/** What the tests of the page look at. */

/** The row of a service. */
export const web = (name: string): string => `[data-service="${name}"]`;

/** Services of every kind: one that runs and writes, one that is needed, one that fails, one that is done, one that waits. */
export const config = (port: number): string => `
[http]
port = ${port}
[security]
allowed_commands = ["*", "set_mode"]
[modes.advanced]
env = { LOUD = "1" }

[services.db]
command = "sleep"
args = ["100000"]
group = "Backend"

[services.api]
shell = "n=0; while true; do n=$((n+1)); echo \\"line $n of the api\\"; echo 'WARN: disk is nearly full' >&2; sleep 0.3; done"
group = "Backend"
depends_on = { db = "started" }
url = "http://127.0.0.1:9/"

[services.broken]
shell = "echo 'Error: address already in use'; exit 1"
group = "Backend"
restart = { policy = "never" }

[services.migrate]
shell = "true"
oneshot = true
group = "Web"

[services.site]
command = "sleep"
args = ["100000"]
group = "Web"

[services.slow]
shell = "trap '' TERM; while true; do sleep 0.2; done"
group = "Web"
stop = { grace = "1500ms" }

[services.docs]
command = "sleep"
args = ["100000"]
enabled = false
`;
