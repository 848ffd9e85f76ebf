package service

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"livedeskbot/bot"
	"livedeskbot/bot/outbox"
	"livedeskbot/bot/view"
)

// secret is a setting whose value must not be seen.
type secret string

func (s secret) String() string       { return "***" }
func (s secret) GoString() string     { return "***" }
func (s secret) LogValue() slog.Value { return slog.StringValue("***") }

// config is every setting, see the table in docs/settings.md.
type config struct {
	telegramToken         secret
	telegramAPI           string
	telegramWebhook       string
	telegramWebhookSecret secret
	desk                  deskConfig
	channelID             string
	teams                 []string
	customFields          []string
	consoleURL            string
	relay, followUps      bool
	trackInterval         time.Duration
	ticketsPerMinute      int
	maxFiles              int
	staffChats            []int64
	feeds                 []outbox.Feed
	staffMembers          map[int64]string
	retention             time.Duration // 0: for ever
	chats                 []int64
	newChats, private     bot.Policy
	databaseURL           secret
	dataDir               string
	listen                string
	language              string
	logLevel              slog.Level
	logFormat             string
	ids                   []int64 // named with the command: chats with check, beyond the settings, a person with forget
}

type deskConfig struct {
	key, secret    secret
	url, uploadURL string
	timeout        time.Duration
	rate           int
	webhookSecret  secret
}

// readConfig reads the settings with getenv and reports all faults together, one per line, without any secret.
func readConfig(getenv func(string) string) (config, error) {
	r := &settings{getenv: getenv}
	c := config{
		telegramToken:         r.token("TELEGRAM_BOT_TOKEN"),
		telegramAPI:           r.url("TELEGRAM_API_URL", "https://api.telegram.org"),
		telegramWebhook:       r.webhook("TELEGRAM_WEBHOOK_URL"),
		telegramWebhookSecret: r.secret("TELEGRAM_WEBHOOK_SECRET"),
		desk: deskConfig{
			key:     r.required("LIVEDESK_API_KEY"),
			secret:  r.required("LIVEDESK_API_SECRET"),
			url:     r.url("LIVEDESK_API_URL", "https://livedesk-api.engagelab.com/api/v2"),
			timeout: r.duration("LIVEDESK_TIMEOUT", 15*time.Second, time.Millisecond),
			rate:    r.number("LIVEDESK_RATE", 10, 1, 10_000),

			webhookSecret: r.deskWebhookSecret("LIVEDESK_WEBHOOK_SECRET"),
		},
		channelID:        r.text("LIVEDESK_CHANNEL_ID", ""),
		teams:            r.list("LIVEDESK_TEAMS"),
		customFields:     r.fieldNames("CUSTOM_FIELDS"),
		consoleURL:       r.text("LIVEDESK_CONSOLE_URL", ""),
		relay:            r.oneOf("RELAY", "on", "off") == "on",
		followUps:        r.oneOf("FOLLOW_UPS", "on", "off") == "on",
		trackInterval:    r.duration("TRACK_INTERVAL", 30*time.Second, time.Second),
		ticketsPerMinute: r.number("TICKETS_PER_MINUTE", 20, 0, 1_000_000),
		maxFiles:         r.number("MAX_FILES", 20, 0, 1000),
		staffChats:       r.chats("STAFF_CHATS"),
		feeds:            r.feeds("FEED"),
		staffMembers:     r.members("STAFF_MEMBERS"),
		chats:            r.chats("CHATS"),
		newChats:         bot.Policy(r.oneOf("NEW_CHATS", "ask", "any", "no")),
		private:          bot.Policy(r.oneOf("PRIVATE", "known", "any", "no")),
		retention:        r.retention("RETENTION"),
		databaseURL:      r.database("DATABASE_URL"),
		dataDir:          r.text("DATA_DIR", "./data"),
		listen:           r.listenAddress(),
		language:         r.languageTag("LANGUAGE"),
		logLevel:         r.level("LOG_LEVEL"),
		logFormat:        r.oneOf("LOG_FORMAT", "text", "json"),
	}
	c.desk.uploadURL = r.upload("LIVEDESK_UPLOAD_URL")
	if c.channelID == "" {
		r.fault("LIVEDESK_CHANNEL_ID is required: the id of the LiveDesk channel that the tickets belong to, as its settings page shows it")
	}
	if c.consoleURL != "" && !strings.Contains(c.consoleURL, "{ticket_id}") {
		r.fault("LIVEDESK_CONSOLE_URL must contain {ticket_id}, which stands for the ticket's number")
	}
	r.checkWebhookSecret(c)
	return c, errors.Join(r.faults...)
}

var secretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

func (r *settings) checkWebhookSecret(c config) {
	switch {
	case c.telegramWebhook == "":
	case c.telegramWebhookSecret == "":
		r.fault("TELEGRAM_WEBHOOK_SECRET is required with TELEGRAM_WEBHOOK_URL: without it anybody could send updates")
	case !secretForm.MatchString(string(c.telegramWebhookSecret)):
		r.fault("TELEGRAM_WEBHOOK_SECRET must be 1 to 256 of A-Z a-z 0-9 _ -")
	}
}

// deskSecretForm is longer than Telegram's: it stands in an address, and nothing else says who posts there.
var deskSecretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{16,256}$`)

func (r *settings) deskWebhookSecret(name string) secret {
	v := r.secret(name)
	if v != "" && !deskSecretForm.MatchString(string(v)) {
		r.fault("%s must be 16 to 256 of A-Z a-z 0-9 _ -", name)
	}
	return v
}

// settings reads settings and collects their faults.
type settings struct {
	getenv func(string) string
	faults []error
}

func (r *settings) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf(format, args...))
}

func (r *settings) text(name, fallback string) string {
	if v := strings.TrimSpace(r.getenv(name)); v != "" {
		return v
	}
	return fallback
}

// secret reads NAME, or the file that NAME_FILE names.
func (r *settings) secret(name string) secret {
	value, file := r.text(name, ""), r.text(name+"_FILE", "")
	switch {
	case value != "" && file != "":
		r.fault("%s and %s_FILE are both set: keep one of them", name, name)
	case file != "":
		content, err := os.ReadFile(file)
		if err != nil {
			r.fault("%s_FILE names no file that can be read: %v", name, cause(err))
		} else if value = strings.TrimSpace(string(content)); value == "" {
			r.fault("%s_FILE names an empty file", name)
		}
	}
	return secret(value)
}

// cause is an error without the path, which is a secret where somebody mistook one setting for the other.
func cause(err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err
	}
	return err
}

func (r *settings) required(name string) secret {
	faults := len(r.faults)
	v := r.secret(name)
	if v == "" && len(r.faults) == faults {
		r.fault("%s is required (or %s_FILE, the path of a file that holds it)", name, name)
	}
	return v
}

var tokenForm = regexp.MustCompile(`^[1-9][0-9]{0,17}:[A-Za-z0-9_-]+$`)

func (r *settings) token(name string) secret {
	v := r.required(name)
	if v != "" && !tokenForm.MatchString(string(v)) {
		r.fault("%s is not a bot token: BotFather gives one of the form 123456789:ABC-def_123", name)
	}
	return v
}

// url reads a web address. What is wrong with it is said without quoting it: it may hold a password.
func (r *settings) url(name, fallback string) string {
	v := r.text(name, fallback)
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		r.fault("%s must be a web address such as %s", name, fallback)
	}
	return strings.TrimRight(v, "/")
}

func (r *settings) upload(name string) string {
	v := r.text(name, "")
	if v == "" || v == "off" {
		return v
	}
	return r.url(name, "https://livedesk-api.engagelab.com/api/v2/accounts/upload")
}

func (r *settings) webhook(name string) string {
	v := r.text(name, "")
	if v == "" {
		return ""
	}
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		r.fault("%s must be a public HTTPS address such as https://bot.example.com/telegram", name)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		r.fault("%s must be HTTPS: Telegram posts to plain HTTP only where its server is on this machine", name)
	}
	return v
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// databaseForm is a URL, or the key=value words of libpq.
var databaseForm = regexp.MustCompile(`^postgres(ql)?://|=`)

func (r *settings) database(name string) secret {
	v := r.secret(name)
	if v != "" && !databaseForm.MatchString(string(v)) {
		r.fault("%s must be a Postgres connection string such as postgres://user:password@host:5432/database", name)
	}
	return v
}

func (r *settings) duration(name string, fallback, least time.Duration) time.Duration {
	v := r.text(name, "")
	if v == "" {
		return fallback
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < least {
		r.fault("%s must be a time of at least %v such as %v, not %q", name, least, fallback, v)
	}
	return d
}

// days is a time in whole days, which Go has no unit for.
var days = regexp.MustCompile(`^([0-9]{1,5})d$`)

// retention reads how long something is kept: a time of at least a day; 0: for ever.
func (r *settings) retention(name string) time.Duration {
	const day = 24 * time.Hour
	v := r.text(name, "365d")
	d, err := time.ParseDuration(v)
	if m := days.FindStringSubmatch(v); m != nil {
		n, _ := strconv.Atoi(m[1])
		d, err = time.Duration(n)*day, nil
	}
	if err != nil || d < day && d != 0 {
		r.fault("%s must be a time of at least 1d such as 365d or 720h, or 0 for ever, not %q", name, v)
	}
	return d
}

func (r *settings) number(name string, fallback, least, most int) int {
	v := r.text(name, "")
	if v == "" {
		return fallback
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most {
		r.fault("%s must be a whole number from %d to %d, not %q", name, least, most, v)
	}
	return n
}

// oneOf reads a word of a list, whose first is the default.
func (r *settings) oneOf(name string, words ...string) string {
	v := strings.ToLower(r.text(name, words[0]))
	if !slices.Contains(words, v) {
		r.fault("%s must be one of %s, not %q", name, strings.Join(words, ", "), v)
	}
	return v
}

// languageTag reads a language that there are texts in. Desktops set the same name to lists such as de_AT:de:en, of which the
// first known one counts.
func (r *settings) languageTag(name string) string {
	v := r.text(name, "en")
	for tag := range strings.SplitSeq(v, ":") {
		tag, _, _ = strings.Cut(tag, ".")
		if known := view.Match(strings.ReplaceAll(tag, "_", "-")); known != "" {
			return known
		}
	}
	if !strings.ContainsAny(v, "_:.") {
		r.fault("%s must be one of %s, not %q", name, strings.Join(view.Languages(), ", "), v)
	}
	return "en"
}

func (r *settings) level(name string) slog.Level {
	var level slog.Level
	word := r.oneOf(name, "info", "debug", "warn", "error")
	_ = level.UnmarshalText([]byte(word)) // oneOf has reported an unknown word
	return level
}

func (r *settings) listenAddress() string {
	const name, fallback = "LISTEN_ADDR", "127.0.0.1:8080"
	v := r.text(name, fallback)
	_, port, err := net.SplitHostPort(v)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		r.fault("%s must be host:port such as %s, not %q", name, fallback, v)
	}
	return v
}

func (r *settings) list(name string) []string {
	var words []string
	for word := range strings.SplitSeq(r.text(name, ""), ",") {
		if word = strings.TrimSpace(word); word != "" {
			words = append(words, word)
		}
	}
	return words
}

var fieldForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// fieldNames reads keys of custom fields; nil: any.
func (r *settings) fieldNames(name string) []string {
	names := r.list(name)
	for _, key := range names {
		if !fieldForm.MatchString(key) || key == "telegram_ref" || key == "telegram_rating" {
			r.fault("%s must be names of custom fields (a letter, then letters, digits and _), separated by commas, not %q", name, key)
		}
	}
	return names
}

func (r *settings) chats(name string) []int64 {
	var chats []int64
	for _, word := range r.list(name) {
		id, err := strconv.ParseInt(word, 10, 64)
		if err != nil || id == 0 {
			r.fault("%s must be chat ids such as -1001234567890, separated by commas, not %q", name, word)
		}
		chats = append(chats, id)
	}
	return chats
}

func (r *settings) members(name string) map[int64]string {
	members := map[int64]string{}
	for _, pair := range r.list(name) {
		user, member, _ := strings.Cut(pair, "=")
		id, err := strconv.ParseInt(strings.TrimSpace(user), 10, 64)
		if member = strings.TrimSpace(member); err != nil || id <= 0 || member == "" {
			r.fault("%s must be telegram_user_id=livedesk_member_id pairs such as 7562646527=u_12345, separated by commas, not %q", name, pair)
			continue
		}
		members[id] = member
	}
	return members
}
