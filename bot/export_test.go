package bot

import "time"

const (
	Silence    = silence
	AskAfter   = askAfter
	TitleLimit = titleLimit
)

// HeardOfTelegram says when Telegram last answered.
func (b *Bot) HeardOfTelegram(at time.Time) { b.telegram.Heard(at) }
