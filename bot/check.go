package bot

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"livedeskbot/bot/telegram"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
)

// Level says how bad a Finding is.
type Level string

// A Fault keeps the service, or what the operator asked about, from working; a Warning does not.
const (
	OK      Level = "ok"
	Warning Level = "warning"
	Fault   Level = "FAULT"
)

// Finding is what a check found out about one thing: one sentence, with what to do about it. It holds no secrets.
type Finding struct {
	Level Level
	Text  string
}

// checkTimeout is how long one question of a check may take.
const checkTimeout = 10 * time.Second

// checker looks at Telegram with an operator's eyes.
type checker struct {
	cfg      Config
	telegram *telegram.Client
	reads    bool // everything that is written in groups
	findings []Finding
}

// Check asks Telegram about the bot, its webhook and what it may do in the configured and the given chats. It changes nothing.
func Check(ctx context.Context, cfg Config, chats []int64) []Finding {
	c := &checker{cfg: cfg}
	var err error
	if c.telegram, err = telegram.New(telegram.Config{Token: cfg.Token, APIURL: cfg.APIURL}); err != nil {
		c.add(Fault, "Telegram: %v", err)
		return c.findings
	}
	if c.checkBot(ctx) {
		c.checkWebhook(ctx)
		for i, chat := range chats {
			if !slices.Contains(chats[:i], chat) {
				c.checkChat(ctx, chat)
			}
		}
	}
	c.checkAccess()
	return c.findings
}

func (c *checker) add(level Level, format string, args ...any) {
	c.findings = append(c.findings, Finding{level, fmt.Sprintf(format, args...)})
}

// checkBot asks who the bot is and returns whether anything else can be asked.
func (c *checker) checkBot(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	me, err := c.telegram.GetMe(ctx)
	switch {
	case errors.Is(err, tg.ErrorUnauthorized), errors.Is(err, tg.ErrorNotFound):
		c.add(Fault, "Telegram does not know this TELEGRAM_BOT_TOKEN: copy the present one from BotFather, /mybots, API Token.")
		return false
	case err != nil:
		c.add(Fault, "Telegram cannot be asked at %s (%v): mend the network or TELEGRAM_API_URL.", host(c.cfg.APIURL), c.telegram.Redact(err))
		return false
	case me.Username == "":
		c.add(Fault, "what answers at %s is not Telegram's Bot API: correct TELEGRAM_API_URL.", host(c.cfg.APIURL))
		return false
	}
	c.add(OK, "Telegram: the token belongs to @%s.", me.Username)
	if !me.CanJoinGroups {
		c.add(Warning, "Telegram: @%s cannot be added to groups: allow it with BotFather, /setjoingroups.", me.Username)
	}
	c.reads = me.CanReadAllGroupMessages
	if c.reads {
		c.add(OK, "Telegram: privacy mode is off, so the bot sees everything that is written in its groups; it keeps only what is meant for it.")
	} else {
		c.add(Warning, "Telegram: privacy mode is on, so in a group with several bots only /ticket@%s is sure to arrive, and of an album only "+
			"the part with the command: make the bot an administrator there, or switch the mode off with BotFather, /setprivacy, "+
			"and then take the bot out of its groups and add it again.", me.Username)
	}
	return true
}

// checkWebhook compares what Telegram does with updates with what the settings want.
func (c *checker) checkWebhook(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	info, err := c.telegram.GetWebhookInfo(ctx)
	if err != nil {
		c.add(Fault, "Telegram does not say where updates go (%v): try again.", c.telegram.Redact(err))
		return
	}
	switch {
	case c.cfg.WebhookURL == "" && info.URL == "":
		c.add(OK, "Telegram: updates are polled for, and no webhook is in the way.")
	case c.cfg.WebhookURL == "":
		c.add(Warning, "Telegram posts updates to %s: the service removes that webhook at its start and loses nothing; if something else "+
			"still uses this bot, give one of the two a bot of its own.", host(info.URL))
	case info.URL == c.cfg.WebhookURL:
		c.add(OK, "Telegram posts updates to TELEGRAM_WEBHOOK_URL, at %s.", host(info.URL))
	case info.URL == "":
		c.add(OK, "Telegram: no webhook is set yet; the service sets TELEGRAM_WEBHOOK_URL at its start.")
	default:
		c.add(Warning, "Telegram posts updates to %s: the service sets TELEGRAM_WEBHOOK_URL at its start; if something else still uses "+
			"this bot, give one of the two a bot of its own.", host(info.URL))
	}
	if info.PendingUpdateCount > 0 {
		c.add(OK, "Telegram keeps %d updates until the service takes them; it drops them after 24 hours.", info.PendingUpdateCount)
	}
	if c.cfg.WebhookURL != "" && info.URL == c.cfg.WebhookURL && info.LastErrorDate > 0 {
		c.add(Warning, "Telegram could not deliver an update at %s (%s): make sure that TELEGRAM_WEBHOOK_URL leads to /telegram at "+
			"LISTEN_ADDR and that the service runs.", time.Unix(int64(info.LastErrorDate), 0).UTC().Format(time.RFC3339),
			c.telegram.Hide(info.LastErrorMessage, c.cfg.WebhookSecret, c.cfg.WebhookURL))
	}
}

// checkChat finds out what the bot may do in a chat.
func (c *checker) checkChat(ctx context.Context, id int64) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	chat, err := c.telegram.GetChat(ctx, &tg.GetChatParams{ChatID: id})
	if err != nil {
		c.cannotAsk(id, err)
		return
	}
	if chat.Type == models.ChatTypePrivate {
		c.add(OK, "chat %d is a private chat: the bot may write there unless the person blocks it.", id)
		return
	}
	member, err := c.telegram.GetChatMember(ctx, &tg.GetChatMemberParams{ChatID: id, UserID: c.telegram.BotID})
	if err != nil {
		c.cannotAsk(id, err)
		return
	}
	kind := string(chat.Type)
	if chat.IsForum {
		kind = "supergroup with topics"
	}
	c.judge(id, kind, chat, member)
	c.checkStaffChat(id, chat, member)
}

func (c *checker) cannotAsk(id int64, err error) {
	if supergroup, ok := telegram.MovedTo(err); ok {
		c.add(Fault, "chat %d has become a supergroup: use its new id, %d.", id, supergroup)
		return
	}
	switch v := telegram.Judge(err); {
	case v == telegram.Lost && id > 0:
		c.add(Fault, "chat %d: this person has not written to the bot yet, so it may not write to them: ask them to press Start.", id)
	case v == telegram.Lost, v == telegram.Refused:
		c.add(Fault, "chat %d: there is no such chat, or the bot is not in it: add the bot, or correct the id "+
			"(ids of supergroups begin with -100).", id)
	default:
		c.add(Fault, "chat %d: Telegram does not say what the bot may do there (%v): try again.", id, c.telegram.Redact(err))
	}
}

func (c *checker) judge(id int64, kind string, chat *models.ChatFullInfo, member *models.ChatMember) {
	writes := member.Type != models.ChatMemberTypeMember || chat.Permissions == nil || chat.Permissions.CanSendMessages
	if member.Restricted != nil {
		writes = member.Restricted.IsMember && member.Restricted.CanSendMessages
	}
	switch {
	case chat.Type == models.ChatTypeChannel:
		c.add(Fault, "chat %d is a channel, where nobody can give commands: use a group.", id)
	case member.Type == models.ChatMemberTypeLeft, member.Type == models.ChatMemberTypeBanned:
		c.add(Fault, "chat %d (%s): the bot is not in it: add it.", id, kind)
	case !writes:
		c.add(Fault, "chat %d (%s): the bot may not write there: give it, or all members, the right to send messages, or make it an "+
			"administrator.", id, kind)
	case member.Type == models.ChatMemberTypeOwner, member.Type == models.ChatMemberTypeAdministrator:
		c.add(OK, "chat %d (%s): the bot is an administrator, sees everything and may write.", id, kind)
	case c.reads:
		c.add(OK, "chat %d (%s): the bot is a member, sees everything and may write.", id, kind)
	default:
		c.add(Warning, "chat %d (%s): the bot is a member and may write, but privacy mode keeps from it what is not plainly meant for it: "+
			"make it an administrator there.", id, kind)
	}
}

// host is the part of an address that is no secret.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "another address"
	}
	return u.Host
}
