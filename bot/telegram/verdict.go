package telegram

import (
	"errors"
	"strings"
	"time"

	tg "github.com/go-telegram/bot"
)

// Verdict is what Telegram's answer to a call means for us. Nothing else looks at its errors.
type Verdict int

// What an answer of Telegram's means.
const (
	Done    Verdict = iota
	Flood           // not now: wait as long as it says
	Later           // not now, or nobody knows: again
	Moved           // the group is a supergroup elsewhere
	Lost            // the bot cannot write to this chat any more
	Muted           // the bot may not write to this chat for now: it is restricted, or everybody is
	NoFiles         // the chat takes no such file, but other messages
	NoTopic         // the topic is closed or deleted
	Gone            // the message to change is not there any more
	Refused         // not like this
)

// phrases of errors 400 and 403 by their meaning, lower case; the first that fits counts. Telegram documents no codes; these
// texts are from its server's source and from reports. https://github.com/tdlib/telegram-bot-api
var phrases = []struct {
	verdict Verdict
	texts   []string
}{
	{Done, []string{"message is not modified"}},
	{Gone, []string{"message to edit not found", "message can't be edited", "message_id_invalid"}},
	{NoTopic, []string{"message thread not found", "topic_closed", "topic_deleted", "topic_id_invalid", "topic is closed"}},
	{Lost, []string{
		"chat not found", "group chat was deactivated", "group chat was deleted", "user is deactivated", "user_deactivated",
		"bot was kicked", "bot was blocked", "not a member", "peer_id_invalid", "channel_private", "chat_forbidden", "user_is_blocked",
	}},
	{Muted, []string{"not enough rights to send text messages", "chat_send_plain_forbidden"}},
	{NoFiles, []string{"not enough rights to send", "chat_send_"}},
	{Muted, []string{
		"no rights to send", "no write access", "not enough rights", "need administrator rights", "chat_admin_required",
		"_forbidden", "chat_restricted", "user_banned_in_channel",
	}},
}

// Judge says what the answer to a call means.
func Judge(err error) Verdict {
	if err == nil {
		return Done
	}
	if _, ok := errors.AsType[*tg.TooManyRequestsError](err); ok {
		return Flood
	}
	if _, ok := errors.AsType[*tg.MigrateError](err); ok {
		return Moved
	}
	forbidden := errors.Is(err, tg.ErrorForbidden)
	if !forbidden && !errors.Is(err, tg.ErrorBadRequest) {
		return Later // Telegram is away, in trouble, or does not know the token, which the operator will mend
	}
	text := strings.ToLower(err.Error())
	for _, p := range phrases {
		for _, phrase := range p.texts {
			if strings.Contains(text, phrase) {
				return p.verdict
			}
		}
	}
	if forbidden {
		return Lost
	}
	return Refused
}

// RetryAfter is how long Telegram asks to wait, where err says so.
func RetryAfter(err error) (time.Duration, bool) {
	flood, ok := errors.AsType[*tg.TooManyRequestsError](err)
	if !ok {
		return 0, false
	}
	return time.Duration(max(flood.RetryAfter, 1)) * time.Second, true
}

// MovedTo is the supergroup that a group became, where err says so.
func MovedTo(err error) (chat int64, ok bool) {
	migrate, ok := errors.AsType[*tg.MigrateError](err)
	if !ok {
		return 0, false
	}
	return int64(migrate.MigrateToChatID), true
}
