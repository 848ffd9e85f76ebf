package service

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot"
	"livedeskbot/bot/outbox"
)

// enough are the settings without which the service does not start.
func enough(more ...string) map[string]string {
	env := map[string]string{
		"TELEGRAM_BOT_TOKEN": "123:abc", "LIVEDESK_API_KEY": "key", "LIVEDESK_API_SECRET": "secret", "LIVEDESK_CHANNEL_ID": "inbox_100",
	}
	for i := 0; i+1 < len(more); i += 2 {
		env[more[i]] = more[i+1]
	}
	return env
}

func read(env map[string]string) (config, error) {
	return readConfig(func(name string) string { return env[name] })
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := read(enough())
	require.NoError(t, err)
	require.Equal(t, config{
		telegramToken: "123:abc", telegramAPI: "https://api.telegram.org",
		desk: deskConfig{
			key: "key", secret: "secret", url: "https://livedesk-api.engagelab.com/api/v2", timeout: 15 * time.Second, rate: 10,
		},
		channelID: "inbox_100", relay: true, followUps: true, trackInterval: 30 * time.Second, ticketsPerMinute: 20, maxFiles: 20,
		retention: 365 * 24 * time.Hour, staffMembers: map[int64]string{}, newChats: bot.Ask, private: bot.Known, dataDir: "./data", listen: "127.0.0.1:8080", language: "en",
		logLevel: slog.LevelInfo, logFormat: "text",
	}, c)
}

func TestEverySettingIsRead(t *testing.T) {
	t.Parallel()
	c, err := read(map[string]string{
		"TELEGRAM_BOT_TOKEN": " 123:abc\n", "TELEGRAM_API_URL": "http://127.0.0.1:8081/",
		"TELEGRAM_WEBHOOK_URL": "https://bot.example.com/telegram", "TELEGRAM_WEBHOOK_SECRET": "hook_S-1",
		"LIVEDESK_API_KEY": "key", "LIVEDESK_API_SECRET": "secret", "LIVEDESK_API_URL": "https://desk.example.com/api/v2/",
		"LIVEDESK_CHANNEL_ID": "inbox_100", "LIVEDESK_TEAMS": "IT Support, ITサポート,,", "LIVEDESK_UPLOAD_URL": "off",
		"LIVEDESK_TIMEOUT": "3s", "LIVEDESK_RATE": "10000", "LIVEDESK_WEBHOOK_SECRET": "0123456789_-desk", "LIVEDESK_CONSOLE_URL": "https://desk.example.com/{ticket_id}",
		"RELAY": "off", "FOLLOW_UPS": "OFF", "TRACK_INTERVAL": "1s", "TICKETS_PER_MINUTE": "0", "MAX_FILES": "1",
		"STAFF_CHATS": "-1001234567890, 5", "STAFF_MEMBERS": "7562646527=u_12345, 8 = u_8",
		"RETENTION": "36h", "CHATS": "-1009876543210,6", "NEW_CHATS": "no", "PRIVATE": "Any",
		"DATABASE_URL": "postgres://u:p@db/x", "DATA_DIR": "/var/lib/bot", "LISTEN_ADDR": ":80", "LANGUAGE": "en_US.UTF-8",
		"LOG_LEVEL": "WARN", "LOG_FORMAT": "json",
	})
	require.NoError(t, err)
	require.Equal(t, config{
		telegramToken: "123:abc", telegramAPI: "http://127.0.0.1:8081",
		telegramWebhook: "https://bot.example.com/telegram", telegramWebhookSecret: "hook_S-1",
		desk: deskConfig{
			key: "key", secret: "secret", url: "https://desk.example.com/api/v2", uploadURL: "off", timeout: 3 * time.Second, rate: 10_000,
			webhookSecret: "0123456789_-desk",
		},
		channelID: "inbox_100", teams: []string{"IT Support", "ITサポート"}, consoleURL: "https://desk.example.com/{ticket_id}",
		trackInterval: time.Second, maxFiles: 1, retention: 36 * time.Hour,
		staffChats: []int64{-1001234567890, 5}, staffMembers: map[int64]string{7562646527: "u_12345", 8: "u_8"},
		chats: []int64{-1009876543210, 6}, newChats: bot.No, private: bot.Any,
		databaseURL: "postgres://u:p@db/x", dataDir: "/var/lib/bot", listen: ":80", language: "en",
		logLevel: slog.LevelWarn, logFormat: "json",
	}, c)
}

func TestALanguageMayBeNamedAsDesktopsDo(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"": "en", "zh-CN": "zh-CN", "zh-tw": "zh-TW", "zh_TW.UTF-8": "zh-TW", "de_AT:de:en": "de", "pt_BR:fr": "fr", "pt_BR:pt": "en", "TH": "th",
	} {
		c, err := read(enough("LANGUAGE", value))
		require.NoError(t, err, value)
		require.Equal(t, want, c.language, value)
	}
}

func TestWhatIsUnusableIsAFaultThatNamesItsSetting(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]string{
		"TELEGRAM_BOT_TOKEN":      {"", "abc", "123:", ":abc", "0:abc", "123:a b", "bot123:abc", "99999999999999999999:abc"},
		"TELEGRAM_API_URL":        {"api.telegram.org", "ftp://x", "http://", "http://x/?a=b", "http://x/#a", "http://u:p@x"},
		"TELEGRAM_WEBHOOK_URL":    {"bot.example.com", "http://bot.example.com/telegram", "https://"},
		"TELEGRAM_WEBHOOK_SECRET": {"", "a b", "ü", strings.Repeat("a", 257)},
		"LIVEDESK_API_KEY":        {""},
		"LIVEDESK_API_SECRET":     {" "},
		"LIVEDESK_API_URL":        {"livedesk", "https://x/api?y", "https://u:p@x"},
		"LIVEDESK_CHANNEL_ID":     {"", " "},
		"LIVEDESK_UPLOAD_URL":     {"no", "/upload", "https://u:p@x/upload"},
		"LIVEDESK_TIMEOUT":        {"15", "0s", "-1s", "soon"},
		"LIVEDESK_RATE":           {"0", "10001", "-1", "ten", "1.5"},
		"LIVEDESK_WEBHOOK_SECRET": {"fifteen-letters", "sixteen letters!", "sixteen/letters/", strings.Repeat("a", 257)},
		"LIVEDESK_CONSOLE_URL":    {"https://desk.example.com/"},
		"RELAY":                   {"yes", "true", "1"},
		"FOLLOW_UPS":              {"no"},
		"TRACK_INTERVAL":          {"999ms", "0", "30"},
		"TICKETS_PER_MINUTE":      {"-1", "x"},
		"MAX_FILES":               {"-1", "x"},
		"STAFF_CHATS":             {"x", "0", "1 2", "@group"},
		"CHATS":                   {"x", "0", "@group"},
		"NEW_CHATS":               {"yes", "known", "off"},
		"PRIVATE":                 {"yes", "ask", "off"},
		"FEED":                    {"x", "0", "-1/", "-1/x", "-1/-2", "-1/0", "-1=", "-1,-2", "-1=A,-2=a", "=A", "-1/2/3"},
		"RETENTION":               {"1h", "-1d", "d", "1.5d", "365", "ever", "100000d"},
		"STAFF_MEMBERS":           {"5", "5=", "=u", "x=u", "-5=u"},
		"DATABASE_URL":            {"db", "mysql://x"},
		"LISTEN_ADDR":             {"8080", "localhost", "127.0.0.1:99999", "127.0.0.1:-1"},
		"LANGUAGE":                {"klingon"},
		"LOG_LEVEL":               {"loud"},
		"LOG_FORMAT":              {"xml"},
	} {
		for _, value := range values {
			env := enough("TELEGRAM_WEBHOOK_URL", "https://bot.example.com/telegram", "TELEGRAM_WEBHOOK_SECRET", "s")
			env[name] = value
			_, err := read(env)
			require.Error(t, err, "%s=%q", name, value)
			require.NotContains(t, err.Error(), "\n", "%s=%q: one fault", name, value)
			require.True(t, strings.HasPrefix(err.Error(), name), err)
		}
	}
}

func TestFeedsAreChatsTopicsAndTeams(t *testing.T) {
	t.Parallel()
	c, err := read(enough("FEED", " -1001 , -1001/7=IT Support, -1002/1 = ITサポート", "STAFF_CHATS", "-1001,-1003"))
	require.NoError(t, err)
	require.Equal(t, []outbox.Feed{
		{Chat: -1001}, {Chat: -1001, Thread: 7, Team: "IT Support"}, {Chat: -1002, Team: "ITサポート"},
	}, c.feeds)
	require.Equal(t, "-1001, -1001/7=IT Support, -1002=ITサポート", shownFeeds(c.feeds))
	require.Equal(t, []int64{-1001, -1003, -1002}, c.botConfig().AllStaffChats())

	_, err = read(enough("FEED", "x,-1=,-2,-3"))
	require.Len(t, strings.Split(err.Error(), "\n"), 3, "all faults at once")
}

func TestPlainHTTPIsAWebhookOnThisMachineOnly(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"localhost", "127.0.0.1:8080", "[::1]:8080"} {
		_, err := read(enough("TELEGRAM_WEBHOOK_URL", "http://"+host+"/telegram", "TELEGRAM_WEBHOOK_SECRET", "s"))
		require.NoError(t, err, host)
	}
}

var secrets = []string{"TELEGRAM_BOT_TOKEN", "TELEGRAM_WEBHOOK_SECRET", "LIVEDESK_API_KEY", "LIVEDESK_API_SECRET", "DATABASE_URL"}

func TestEverySecretMayStandInAFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	env := map[string]string{"LIVEDESK_CHANNEL_ID": "inbox_100", "TELEGRAM_WEBHOOK_URL": "https://bot.example.com"}
	for _, name := range secrets {
		env[name+"_FILE"] = filepath.Join(folder, name)
		value := "secret-of-" + name
		switch name {
		case "TELEGRAM_BOT_TOKEN":
			value = "123:abc"
		case "DATABASE_URL":
			value = "postgres://db"
		}
		require.NoError(t, os.WriteFile(env[name+"_FILE"], []byte(value+"\n"), 0o600))
	}
	c, err := read(env)
	require.NoError(t, err)
	require.Equal(t, []secret{"123:abc", "secret-of-LIVEDESK_API_KEY", "secret-of-LIVEDESK_API_SECRET", "postgres://db"},
		[]secret{c.telegramToken, c.desk.key, c.desk.secret, c.databaseURL})

	for _, name := range secrets {
		both := enough(name, "123:abc", name+"_FILE", env[name+"_FILE"], "TELEGRAM_WEBHOOK_URL", "https://x", "TELEGRAM_WEBHOOK_SECRET_FILE", env["TELEGRAM_WEBHOOK_SECRET_FILE"])
		_, err = read(both)
		require.ErrorContains(t, err, name+" and "+name+"_FILE are both set")
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "empty"), []byte(" \n"), 0o600))
	for _, file := range []string{filepath.Join(folder, "empty"), filepath.Join(folder, "missing"), folder} {
		for _, name := range secrets {
			env := enough(name+"_FILE", file)
			delete(env, name)
			_, err := read(env)
			require.ErrorContains(t, err, name+"_FILE")
			require.NotContains(t, err.Error(), "is required", "one fault for one mistake")
		}
	}
}

// However wrong the settings are, and wherever a secret was put by mistake, it is not printed.
func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	const value = "p4ssw0rd"
	for _, name := range secrets {
		for _, env := range []map[string]string{
			{name: value}, {name: "123:" + value + " x"}, {name: value, name + "_FILE": "/x"}, {name + "_FILE": value},
			enough(name, value), enough(name+"_FILE", value), enough(name, "postgres://u:"+value+"@%zz/x"),
		} {
			if name == "DATABASE_URL" && env["LIVEDESK_API_KEY"] != "" && strings.HasPrefix(env[name], "postgres") {
				env["DATA_DIR"] = t.TempDir()
			}
			var out bytes.Buffer
			if _, err := read(env); err != nil {
				require.Equal(t, exitSettings, Run(t.Context(), nil, func(n string) string { return env[n] }, &out, &out))
			}
			require.NotContains(t, out.String(), value, name)
		}
	}
	for _, shown := range []string{
		fmt.Sprint(secret(value)), fmt.Sprintf("%v %+v %#v %s %q", secret(value), secret(value), secret(value), secret(value), secret(value)),
	} {
		require.NotContains(t, shown, value)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", secret(value))
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "token", secret(value))
	require.NotContains(t, log.String(), value)
}

func TestAllFaultsComeAtOnceWithStatus2(t *testing.T) {
	t.Parallel()
	for _, command := range [][]string{nil, {"migrate"}, {"check"}} {
		var stdout, stderr bytes.Buffer
		env := map[string]string{"LIVEDESK_RATE": "0", "RELAY": "maybe"}
		status := Run(t.Context(), command, func(name string) string { return env[name] }, &stdout, &stderr)
		require.Equal(t, 2, status)
		require.Empty(t, stdout.String())
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		require.Len(t, lines, 6)
		for i, name := range []string{"TELEGRAM_BOT_TOKEN", "LIVEDESK_API_KEY", "LIVEDESK_API_SECRET", "LIVEDESK_RATE", "RELAY", "LIVEDESK_CHANNEL_ID"} {
			require.True(t, strings.HasPrefix(lines[i], name+" "), lines[i])
		}
	}
}

func TestTheVersionNeedsNoSettings(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	none := func(string) string { return "" }
	require.Zero(t, Run(t.Context(), []string{"version"}, none, &stdout, &stderr))
	require.Regexp(t, `^livedeskbot .*commit.*go1\.`, stdout.String())
	for _, args := range [][]string{{"dance"}, {"migrate", "now"}} {
		require.Equal(t, exitSettings, Run(t.Context(), args, none, &stdout, &stderr))
		require.Contains(t, stderr.String(), "usage")
	}
}
