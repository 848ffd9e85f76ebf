package service

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// shownSetting is a setting as the command check shows it.
type shownSetting struct{ name, value string }

// shown is every setting with its value, or for a secret whether it is there.
func (c config) shown() []shownSetting {
	return []shownSetting{
		{"TELEGRAM_BOT_TOKEN", c.telegramToken.presence("")},
		{"TELEGRAM_API_URL", shownURL(c.telegramAPI)},
		{"TELEGRAM_WEBHOOK_URL", orNone(shownURL(c.telegramWebhook), "updates are polled for")},
		{"TELEGRAM_WEBHOOK_SECRET", c.telegramWebhookSecret.presence("only needed for a webhook")},
		{"LIVEDESK_API_KEY", c.desk.key.presence("")},
		{"LIVEDESK_API_SECRET", c.desk.secret.presence("")},
		{"LIVEDESK_API_URL", shownURL(c.desk.url)},
		{"LIVEDESK_CHANNEL_ID", c.channelID + " (LiveDesk says only with the first ticket whether it has this channel)"},
		{"LIVEDESK_TEAMS", orNone(strings.Join(c.teams, ", "), "nobody can choose a team")},
		{"CUSTOM_FIELDS", orNone(strings.Join(c.customFields, ", "), "people may use any")},
		{"LIVEDESK_UPLOAD_URL", orNone(shownURL(c.desk.uploadURL), "accounts/upload under LIVEDESK_API_URL")},
		{"LIVEDESK_TIMEOUT", c.desk.timeout.String()},
		{"LIVEDESK_RATE", fmt.Sprint(c.desk.rate)},
		{"LIVEDESK_WEBHOOK_SECRET", c.desk.webhookSecret.presence("an agent's answer is seen at the next look, after TRACK_INTERVAL or later")},
		{"LIVEDESK_CONSOLE_URL", orNone(shownURL(c.consoleURL), "staff chats show no links")},
		{"RELAY", onOff(c.relay)},
		{"FOLLOW_UPS", onOff(c.followUps)},
		{"TRACK_INTERVAL", c.trackInterval.String()},
		{"TICKETS_PER_MINUTE", fmt.Sprint(c.ticketsPerMinute)},
		{"MAX_FILES", fmt.Sprint(c.maxFiles)},
		{"STAFF_CHATS", orNone(numbers(c.staffChats), "no chat sees every ticket")},
		{"CHATS", orNone(numbers(c.chats), "no chat is connected by it")},
		{"NEW_CHATS", string(c.newChats)},
		{"PRIVATE", string(c.private)},
		{"FEED", orNone(shownFeeds(c.feeds), "staff see tickets only when they ask")},
		{"RETENTION", shownRetention(c.retention)},
		{"STAFF_MEMBERS", orNone(numbers(slices.Sorted(maps.Keys(c.staffMembers))), "no ticket carries a submitter")},
		{"DATABASE_URL", c.databaseURL.presence("a private Postgres is used")},
		{"DATA_DIR", c.dataDir},
		{"LISTEN_ADDR", c.listen},
		{"LANGUAGE", c.language},
		{"LOG_LEVEL", strings.ToLower(c.logLevel.String())},
		{"LOG_FORMAT", c.logFormat},
	}
}

func (s secret) presence(otherwise string) string {
	if s == "" {
		return orNone("", otherwise)
	}
	return "set"
}

func orNone(value, consequence string) string {
	if value == "" {
		return "not set, " + consequence
	}
	return value
}

func shownRetention(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d == 0:
		return "0, tickets are kept for ever"
	case d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	}
	return d.String()
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// shownURL leaves out what may be a password: user and query.
func shownURL(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil && u.RawQuery == "" {
		return address
	}
	u.User, u.RawQuery = nil, ""
	return u.String()
}

func numbers(all []int64) string {
	var words []string
	for _, n := range all {
		words = append(words, strconv.FormatInt(n, 10))
	}
	return strings.Join(words, ", ")
}
