package bot

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/wait"
)

const (
	// renamedAfter is how often Telegram is asked for the bot's name in any case: nobody tells of a change at BotFather.
	renamedAfter = 5 * time.Minute
	// strangerFor is how long a name counts as another bot's after Telegram was asked because of it.
	strangerFor = time.Minute
	// maxStrangers bounds how many such names are remembered.
	maxStrangers = 1000
)

// identity is who the bot is. Its name is known once Telegram has answered for the first time.
type identity struct {
	id       int64
	username atomic.Pointer[string]
	known    chan struct{} // closed once the name is known
	reads    atomic.Bool   // everything that is written in groups; known with the name

	asking    sync.Mutex           // held while Telegram is asked because of a name
	asked     time.Time            // when it last was
	strangers map[string]time.Time // names that were not ours then
}

func newIdentity(id int64) *identity {
	return &identity{id: id, known: make(chan struct{}), strangers: map[string]time.Time{}}
}

// name is the bot's name without the @. It must be known.
func (i *identity) name() string { return *i.username.Load() }

// isKnown reports whether Telegram has said who the bot is.
func (i *identity) isKnown() bool {
	select {
	case <-i.known:
		return true
	default:
		return false
	}
}

// learn notes the bot's name, and returns what it was called until now if that was something else.
func (i *identity) learn(name string) (was string) {
	if old := i.username.Swap(&name); old != nil && *old != name {
		return *old
	}
	return ""
}

// settle asks Telegram whether a name that is not the bot's, as far as known, is its new one: for each name at most once in
// strangerFor, for all together at most once a second.
func (i *identity) settle(name string, ask func() error) error {
	i.asking.Lock()
	defer i.asking.Unlock()
	stranger := strings.ToLower(name)
	now := time.Now()
	if strings.EqualFold(name, i.name()) || now.Sub(i.strangers[stranger]) < strangerFor || now.Sub(i.asked) < time.Second {
		return nil
	}
	if err := ask(); err != nil {
		return err
	}
	if i.asked = now; len(i.strangers) >= maxStrangers {
		clear(i.strangers)
	}
	i.strangers[stranger] = now
	return nil
}

// askName learns the bot's name from Telegram.
func (i *identity) askName(ctx context.Context, api *telegram.Client, log *slog.Logger) error {
	me, err := api.GetMe(ctx)
	if err == nil && me.Username == "" {
		err = errors.New("getMe tells no name of the bot")
	}
	if err != nil {
		return err
	}
	api.Heard(time.Now())
	i.reads.Store(me.CanReadAllGroupMessages)
	if was := i.learn(me.Username); was != "" {
		log.Info("the bot has another name now", "bot", me.Username, "was", was)
	}
	return nil
}

// introduce learns the bot's own name, without which commands cannot be read, and sets Telegram's menu of commands. From then on
// it asks for the name now and then.
func (b *Bot) introduce(ctx context.Context) {
	for delay := time.Duration(0); ; delay = wait.Backoff(delay, 250*time.Millisecond, 5*time.Second) {
		if wait.Sleep(ctx, delay) != nil {
			return
		}
		err := b.me.askName(ctx, b.telegram, b.log)
		if err == nil {
			close(b.me.known)
			b.log.Info("serving", "bot", b.me.name(), "process", b.work.Number())
			break
		}
		if ctx.Err() == nil {
			b.log.Warn("Telegram does not say who this bot is", "error", b.telegram.Redact(err))
		}
	}
	b.present(ctx)
	for wait.Sleep(ctx, renamedAfter) == nil {
		_ = b.me.askName(ctx, b.telegram, b.log) // an error is for whoever has something to say to Telegram
	}
}
