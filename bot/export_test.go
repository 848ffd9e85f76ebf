package bot

import "time"

const (
	Silence    = silence
	AskAfter   = askAfter
	TitleLimit = titleLimit
)

// RefsOf are the names of what a person's updates ask for.
var RefsOf = refsOf

// HeardOfTelegram says when Telegram last answered.
func (b *Bot) HeardOfTelegram(at time.Time) { b.telegram.Heard(at) }
