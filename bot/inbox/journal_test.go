package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-telegram/bot/models"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/claims"
	"livedeskbot/storage"
	"livedeskbot/storage/storagetest"
)

// nothing is a handler to which no update means anything.
type nothing struct{ Handler }

func (nothing) Relevant(*models.Update) (Lane, bool) { return Lane{}, false }

func TestAnUpdateThatCannotBeReadIsKeptIfItHasAnID(t *testing.T) {
	t.Parallel()
	in := newIdle(t, nil)
	for raw, kept := range map[string]bool{
		`{"update_id":7,"message":"no message"}`: true,
		`{"update_id":7,"message":{}}`:           false, // readable, and it means nothing
		`{"update_id":"7","message":""}`:         false,
		`[`:                                      false,
	} {
		a, ok := in.read(json.RawMessage(raw))
		require.Equal(t, kept, ok, raw)
		if kept {
			require.EqualValues(t, 7, a.ID)
			require.Nil(t, a.update)
		}
	}
}

// clumsy is a handler that fails as it looks at a command, and as it opens its ticket.
type clumsy struct {
	Handler
	looking bool
}

func (c clumsy) Opens(*models.Update) func(context.Context) bool {
	if c.looking {
		panic("looking")
	}
	return func(context.Context) bool { panic("opening") }
}

func TestAnUpdateWhoseTicketCannotBeOpenedIsJournalled(t *testing.T) {
	t.Parallel()
	for _, looking := range []bool{true, false} {
		in := newIdle(t, nil)
		in.handler = clumsy{looking: looking}
		arrivals := []arrival{{Update: storage.Update{ID: 7, Mine: true}, read: read{update: &models.Update{}}}}
		require.NoError(t, in.open(t.Context(), t.Context(), arrivals))
		require.False(t, arrivals[0].opened)
		require.Equal(t, !looking, arrivals[0].entered)
	}
}

// eager is a handler that opens tickets of the updates with these numbers.
type eager struct {
	Handler
	opens []int64
}

func (e eager) Opens(u *models.Update) func(context.Context) bool {
	if !slices.Contains(e.opens, u.ID) {
		return nil
	}
	return func(context.Context) bool { return true }
}

func TestATicketIsOpenedAtOnceOnlyWhereNothingBeforeItIsToBeHandled(t *testing.T) {
	t.Parallel()
	in := newIdle(t, nil)
	in.handler = eager{opens: []int64{2, 4, 5}}
	alice, bob := Lane{Chat: 1, Sender: 5}, Lane{Chat: 2, Sender: 6}
	var arrivals []arrival
	for i, lane := range []Lane{alice, alice, {Chat: 2, Whole: true}, bob, {Chat: 3, Sender: 7}} {
		id := int64(i + 1)
		arrivals = append(arrivals, arrival{Update: storage.Update{ID: id, Mine: true}, read: read{lane, &models.Update{ID: id}}})
	}
	require.NoError(t, in.open(t.Context(), t.Context(), arrivals))
	for i, opened := range []bool{false, false, false, false, true} {
		require.Equal(t, opened, arrivals[i].opened, i+1)
	}
}

// slow is a handler that opens every ticket in one lane, once it is released.
type slow struct {
	Handler
	release chan struct{}
}

func (slow) Relevant(*models.Update) (Lane, bool) { return Lane{Chat: 1, Sender: 5}, true }

func (slow) Sift(_ context.Context, updates []*models.Update) ([]*models.Update, error) {
	return updates, nil
}

func (s slow) Opens(*models.Update) func(context.Context) bool {
	return func(context.Context) bool { <-s.release; return true }
}

func TestATicketThatIsStillBeingOpenedWhenNobodyWaitsForItGivesItsPlaceBackInTheEnd(t *testing.T) {
	t.Parallel()
	in := newIdle(t, nil)
	handler := slow{release: make(chan struct{})}
	in.handler = handler
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, in.accept(ctx, t.Context(), []json.RawMessage{[]byte(`{"update_id":7,"message":{}}`)}), context.Canceled)
	require.Equal(t, 1, in.queue.depth())
	require.False(t, in.queue.enter(Lane{Chat: 1, Sender: 5}), "its lane is at work")
	close(handler.release)
	in.work.Wait()
	require.Zero(t, in.queue.depth())
	require.True(t, in.queue.enter(Lane{Chat: 1, Sender: 5}))
	require.Zero(t, testutil.ToFloat64(in.metrics.duplicates))
}

// failing is a handler that fails so many times.
type failing struct {
	Handler
	times int
}

func (f *failing) Handle(context.Context, *models.Update) (finished bool, err error) {
	if f.times--; f.times >= 0 {
		return false, errors.New("not now")
	}
	return true, nil
}

func TestAnUpdateIsTriedUntilItSucceedsOrTheServiceStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := newIdle(t, nil)
		tried := func(failures int) (ended bool, after time.Duration) {
			in.handler = &failing{times: failures}
			began := time.Now()
			ended = in.handle(t.Context(), storage.Update{ID: 7}, &models.Update{})
			return ended, time.Since(began)
		}
		ended, after := tried(10)
		require.True(t, ended)
		require.Equal(t, 26300*time.Millisecond, after, "100 ms, twice as long each time, at most 5 s")

		in.work.Stop()
		ended, _ = tried(0)
		require.True(t, ended, "what is in work is finished")
		ended, after = tried(1)
		require.False(t, ended)
		require.Equal(t, 100*time.Millisecond, after)
	})
}

// noting is a handler that notes what it handles, all in one lane.
type noting struct {
	Handler
	mu      sync.Mutex
	handled []int64
}

func (*noting) Relevant(*models.Update) (Lane, bool) { return Lane{Chat: 1, Sender: 5}, true }

func (*noting) Sift(_ context.Context, updates []*models.Update) ([]*models.Update, error) {
	return updates, nil
}

func (*noting) Opens(*models.Update) func(context.Context) bool { return nil }

func (n *noting) Handle(_ context.Context, u *models.Update) (finished bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.handled = append(n.handled, u.ID)
	return false, nil
}

// newJournalled is an inbox with a journal, and what accepts updates of these numbers and waits until what is in hand is done.
func newJournalled(t *testing.T, handler Handler) (in *Inbox, accept func(...string) error) {
	store, _ := storagetest.Lend(t, 3)
	in = newIdle(t, nil)
	in.store, in.handler, in.work = store, handler, claims.New(store, in.log, func() {})
	require.NoError(t, in.work.Register(t.Context()))
	t.Cleanup(in.work.Close)
	return in, func(ids ...string) error {
		var raws []json.RawMessage
		for _, id := range ids {
			raws = append(raws, json.RawMessage(`{"update_id":`+id+`,"message":{}}`))
		}
		err := in.accept(t.Context(), t.Context(), raws)
		in.work.Wait()
		return err
	}
}

func TestAnUpdateThatIsDeliveredTwiceIsHandledOnce(t *testing.T) {
	t.Parallel()
	var handler noting
	in, accept := newJournalled(t, &handler)
	require.NoError(t, accept("7", "8", "7"))
	require.NoError(t, accept("8", "9"))
	require.Equal(t, []int64{7, 8, 9}, handler.handled)
	require.Equal(t, 2.0, testutil.ToFloat64(in.metrics.duplicates))
	require.Zero(t, in.queue.depth())
	require.Empty(t, in.queue.lanes)
}

func TestAnUpdateWithoutRoomIsTakenUpFromTheJournal(t *testing.T) {
	t.Parallel()
	var handler noting
	in, accept := newJournalled(t, &handler)
	for range maxChatQueued {
		require.True(t, in.queue.reserve(1))
	}
	require.NoError(t, accept("7", "8"))
	require.Empty(t, handler.handled)
	requireUp(t, in.queue)

	more, err := in.claim(t.Context(), 1, []int64{1})
	require.NoError(t, err)
	require.False(t, more, "the chat has enough in hand")
	for _, left := range []bool{true, true, false} {
		more, err = in.claim(t.Context(), 1, nil)
		require.NoError(t, err)
		require.Equal(t, left, more)
	}
	in.work.Wait()
	require.Equal(t, []int64{7, 8}, handler.handled)
	require.Equal(t, maxChatQueued, in.queue.depth())
	more, err = in.claim(t.Context(), 0, nil)
	require.NoError(t, err)
	require.False(t, more)
}

func TestAJournalThatIsNotThereHoldsNoPlaces(t *testing.T) {
	t.Parallel()
	var handler noting
	in, accept := newJournalled(t, &handler)
	in.store.Close()
	require.Error(t, accept("7"))
	require.False(t, in.Stores())
	require.Zero(t, in.queue.depth())
	require.Zero(t, testutil.ToFloat64(in.metrics.duplicates))
}
