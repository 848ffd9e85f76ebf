package telegram

import (
	"fmt"
	"testing"

	tg "github.com/go-telegram/bot"
	"github.com/stretchr/testify/require"
)

func TestWhatTelegramsRefusalsMean(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Verdict{
		"400 message is not modified: specified new message content": Done,
		"400 message to edit not found":                              Gone,
		"400 TOPIC_CLOSED":                                           NoTopic,
		"400 chat not found":                                         Lost,
		"400 CHAT_FORBIDDEN":                                         Lost,
		"403 bot was kicked from the supergroup chat":                Lost,
		"403 user is deactivated":                                    Lost,
		"400 INPUT_USER_DEACTIVATED":                                 Lost,
		"403 bot can't initiate conversation with a user":            Lost,
		"400 not enough rights to send text messages to the chat":    Muted,
		"403 not enough rights to send text messages to the chat":    Muted,
		"400 have no rights to send a message":                       Muted,
		"400 Have no write access to the chat":                       Muted,
		"403 CHAT_WRITE_FORBIDDEN":                                   Muted,
		"400 CHAT_SEND_PLAIN_FORBIDDEN":                              Muted,
		"400 CHAT_RESTRICTED":                                        Muted,
		"400 USER_BANNED_IN_CHANNEL":                                 Muted,
		"400 need administrator rights in the channel chat":          Muted,
		"400 not enough rights to send documents to the chat":        NoFiles,
		"403 not enough rights to send photos to the chat":           NoFiles,
		"400 CHAT_SEND_DOCS_FORBIDDEN":                               NoFiles,
		"403 CHAT_SEND_MEDIA_FORBIDDEN":                              NoFiles,
		"400 PHOTO_INVALID_DIMENSIONS":                               Refused,
	} {
		code := tg.ErrorBadRequest
		if text[:3] == "403" {
			code = tg.ErrorForbidden
		}
		require.Equal(t, want, Judge(fmt.Errorf("%w, Bad Request: %s", code, text[4:])), text)
	}
}
