package service

import (
	"fmt"
	"io"
	"text/tabwriter"
)

const usage = "usage: livedeskbot [migrate | check [CHAT_ID ...] | forget PERSON_ID | version | help]; without an argument it serves"

// help prints what the program takes: arguments and settings.
func help(w io.Writer) {
	fmt.Fprint(w, `livedeskbot turns /ticket in Telegram into tickets in EngageLab LiveDesk.

Arguments
  (none)               serve until SIGINT or SIGTERM
  migrate              bring the database schema up to date
  check [CHAT_ID ...]  look at every setting, at Telegram, LiveDesk and the database, and at the chats; changes nothing
  forget PERSON_ID     remove what is stored about a Telegram user, beside a running service
  version              print the version
  help                 print this

Settings are environment variables. NAME_FILE names a file that holds a secret. docs/settings.md says more.

`)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range explained {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", s.name, s.standard, s.meaning)
	}
	_ = table.Flush() // to standard output, where nothing can be done about an error
}

// explained are the settings in the order of docs/settings.md, in as few words as fit a line.
var explained = []struct{ name, standard, meaning string }{
	{"TELEGRAM_BOT_TOKEN", "required", "token of the bot, from BotFather"},
	{"TELEGRAM_API_URL", "https://api.telegram.org", "Bot API server"},
	{"TELEGRAM_WEBHOOK_URL", "long polling", "public HTTPS address that Telegram posts updates to"},
	{"TELEGRAM_WEBHOOK_SECRET", "none", "what Telegram sends with every update; required with a webhook"},
	{"LIVEDESK_API_KEY", "required", "key of the API key pair"},
	{"LIVEDESK_API_SECRET", "required", "secret of the API key pair"},
	{"LIVEDESK_API_URL", "EngageLab's", "base of LiveDesk's API"},
	{"LIVEDESK_CHANNEL_ID", "required", "LiveDesk channel that the tickets belong to"},
	{"LIVEDESK_TEAMS", "no choice", "teams that people may choose from"},
	{"LIVEDESK_UPLOAD_URL", "accounts/upload", "where files are uploaded; off: nowhere"},
	{"LIVEDESK_TIMEOUT", "15s", "longest wait for an answer of LiveDesk"},
	{"LIVEDESK_RATE", "10", "requests a second to LiveDesk"},
	{"LIVEDESK_WEBHOOK_SECRET", "off", "with it LiveDesk may post to /livedesk/SECRET that something has changed"},
	{"LIVEDESK_CONSOLE_URL", "no link", "link to a ticket for staff, with {ticket_id}"},
	{"RELAY", "on", "agents' replies and changes of status are posted into the chat"},
	{"FOLLOW_UPS", "on", "what customers reply is added to the ticket"},
	{"TRACK_INTERVAL", "30s", "shortest time between two looks at a ticket"},
	{"TICKETS_PER_MINUTE", "20", "tickets that one person may open in a minute; 0: no limit"},
	{"MAX_FILES", "20", "files taken along with one ticket or addition"},
	{"CUSTOM_FIELDS", "any", "names that people may use as key=value"},
	{"STAFF_CHATS", "none", "chats whose members are staff; the first is asked about other chats"},
	{"CHATS", "none", "chats that may use the bot from the start"},
	{"NEW_CHATS", "ask", "what becomes of other chats: ask staff, any, no"},
	{"PRIVATE", "known", "who may use the bot in private: known people, any, no"},
	{"FEED", "none", "where staff see each ticket: CHAT, CHAT/TOPIC=TEAM, ..."},
	{"RETENTION", "365d", "how long finished tickets are kept after their last change; 0: for ever"},
	{"STAFF_MEMBERS", "none", "telegram_user_id=livedesk_member_id, ..."},
	{"DATABASE_URL", "a private Postgres", "a server of Postgres 14 or newer"},
	{"DATA_DIR", "./data", "where the private Postgres keeps its files"},
	{"LISTEN_ADDR", "127.0.0.1:8080", "address of /healthz, /readyz, /metrics, /telegram and /livedesk"},
	{"LANGUAGE", "en", "language of the bot where nobody has chosen one"},
	{"LOG_LEVEL", "info", "debug, info, warn or error"},
	{"LOG_FORMAT", "text", "text or json"},
}
