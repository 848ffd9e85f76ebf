package desk

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/claims"
	"livedeskbot/bot/logtest"
	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/livedesk/livedesktest"
	"livedeskbot/storage"
	"livedeskbot/storage/storagetest"
)

// stored is a desk of which nothing runs, beside an emulated LiveDesk.
type stored struct {
	*Desk
	emulated *livedesktest.Desk
	logs     *logtest.Buffer
	db       *pgx.Conn
}

// mute is a teller that tells nobody.
type mute struct{}

func (mute) Tell(context.Context, storage.Ticket) {}
func (mute) Wake()                                {}

func newStored(t *testing.T) stored {
	t.Helper()
	emulated, logs := livedesktest.New(livedesktest.Options{}), &logtest.Buffer{}
	server := httptest.NewServer(emulated)
	t.Cleanup(func() { emulated.Clear(); server.Close() })
	client, err := livedesk.New(livedesk.Config{
		BaseURL: server.URL + "/api/v2", Key: livedesktest.DefaultKey, Secret: livedesktest.DefaultSecret,
	})
	require.NoError(t, err)
	store, database := storagetest.Lend(t, 3)
	store = store.For(1)
	db, err := pgx.Connect(t.Context(), database)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	shown, err := view.New(view.Config{})
	require.NoError(t, err)
	log := slog.New(slog.NewTextHandler(logs, nil))
	work := claims.New(store, log, func() {})
	require.NoError(t, work.Register(t.Context()))
	t.Cleanup(work.Close)
	return stored{emulated: emulated, logs: logs, db: db, Desk: New(Config{Rate: 1000, MaxFiles: 2, Relay: true, TrackEvery: time.Hour}, Needs{
		Client: client, Store: store, Work: work, View: shown, Teller: mute{}, Metrics: prometheus.NewRegistry(),
		Waited: func(time.Duration) {}, Log: log,
	})}
}

func (d stored) sql(t *testing.T, statement string, args ...any) {
	t.Helper()
	_, err := d.db.Exec(t.Context(), statement, args...)
	require.NoError(t, err)
}

// open stores a ticket that is being sent, with so many files that wait.
func (d stored) open(t *testing.T, files int) storage.Ticket {
	t.Helper()
	want := storage.NewTicket{
		Ref: "r", BotID: 1, ChatID: 7, SenderID: 5, State: storage.StateSending,
		Request: []byte(`{"title":"T","requester":{"channel_contacts":{"channel_id":"c","contact_id":"7"}}}`),
	}
	for i := range files {
		want.Files = append(want.Files, storage.File{MessageID: int64(i + 1), File: fmt.Appendf(nil, `{"name":"%c.txt"}`, 'a'+i)})
	}
	ticket, err := d.store.OpenTicket(t.Context(), want, d.work.Number(), 0)
	require.NoError(t, err)
	return ticket
}

// files are those of a ticket in order.
func (d stored) files(t *testing.T, ticket storage.Ticket) []storage.File {
	t.Helper()
	files, err := d.store.Files(t.Context(), ticket.ID)
	require.NoError(t, err)
	return files
}

func TestARequestHasTheFilesThatAreThereAndSaysWhichAreMissing(t *testing.T) {
	t.Parallel()
	d := newStored(t)
	ticket := d.open(t, 4)
	finish := func(nth int, state storage.FileState, url, reason string) {
		require.NoError(t, d.store.FinishFile(t.Context(), d.files(t, ticket)[nth].ID, state, url, reason))
	}
	finish(0, storage.FileUploaded, "https://desk.invalid/0", "")
	finish(1, storage.FileDropped, "", view.DropTooBig)
	request, err := d.creator.enterFiles(t.Context(), ticket, view.RequestIn(ticket))
	require.NoError(t, err)
	require.Equal(t, []livedesk.NewAttachment{{FileURL: "https://desk.invalid/0"}}, request.Attachments)
	require.Contains(t, request.Description, "b.txt")
	require.NotContains(t, request.Description, "c.txt")
	again, err := d.creator.enterFiles(t.Context(), ticket, request)
	require.NoError(t, err)
	require.Equal(t, request, again, "nothing twice")

	finish(3, storage.FileUploaded, "https://desk.invalid/3", "")
	request, err = d.creator.enterFiles(t.Context(), ticket, request)
	require.NoError(t, err)
	require.Len(t, request.Attachments, 2)
	for i, entered := range []bool{true, true, false, true} {
		require.Equal(t, entered, d.files(t, ticket)[i].Entered, i)
	}
	now, err := d.store.Ticket(t.Context(), ticket.ID)
	require.NoError(t, err)
	require.Equal(t, request, view.RequestIn(now), "it is stored before it leaves")

	request, err = d.creator.leaveFilesOut(t.Context(), now, request)
	require.NoError(t, err)
	require.Empty(t, request.Attachments)
	for _, name := range []string{"a.txt", "b.txt", "d.txt"} {
		require.Equal(t, 1, strings.Count(request.Description, name), name)
	}
	require.NotContains(t, request.Description, "c.txt")
	for i, state := range []storage.FileState{storage.FileDropped, storage.FileDropped, storage.FileWaiting, storage.FileDropped} {
		require.Equal(t, state, d.files(t, ticket)[i].State, i)
	}

	d.store.Close()
	_, err = d.creator.enterFiles(t.Context(), ticket, request)
	require.Error(t, err)
	_, err = d.creator.leaveFilesOut(t.Context(), ticket, request)
	require.Error(t, err)
	require.Equal(t, storage.StateWaiting, d.creator.dispatch(t.Context(), d.creator.admit(), now).State, "it is not sent without them")
	require.Zero(t, d.emulated.Count())
}

func TestAFileThatProcessesDiedWithIsDropped(t *testing.T) {
	t.Parallel()
	d := newStored(t)
	file := d.files(t, d.open(t, 1))[0]
	file.Attempts = maxCarries + 1
	d.carrier.carry(t.Context(), file)
	file = d.files(t, storage.Ticket{ID: file.Ticket})[0]
	require.Equal(t, storage.FileDropped, file.State)
	require.Equal(t, view.DropFailed, file.Reason)
	require.NotContains(t, d.logs.String(), "panic")
}

func TestATicketThatIsRefusedWithItsFilesIsSentWithoutThem(t *testing.T) {
	t.Parallel()
	d := newStored(t)
	ticket := d.open(t, 1)
	require.NoError(t, d.store.FinishFile(t.Context(), d.files(t, ticket)[0].ID, storage.FileUploaded, "https://desk.invalid/a", ""))
	refuse := livedesktest.Refuse(422, livedesktest.Envelope)
	d.emulated.Trouble(livedesktest.Create, 1, refuse)
	require.Equal(t, storage.StateCreated, d.creator.dispatch(t.Context(), d.creator.admit(), ticket).State)
	require.Equal(t, 2, d.emulated.Seen(livedesktest.Create))
	require.Equal(t, storage.FileDropped, d.files(t, ticket)[0].State)

	d.emulated.Trouble(livedesktest.Create, 1, refuse)
	ticket.WithFiles = false
	require.Equal(t, storage.StateRefused, d.creator.dispatch(t.Context(), d.creator.admit(), ticket).State)
	require.Equal(t, 3, d.emulated.Seen(livedesktest.Create), "it had none to leave out")
	require.Empty(t, d.admission.slots)
}

func TestATicketThatLiveDeskHasTwiceIsForTheOperator(t *testing.T) {
	t.Parallel()
	d := newStored(t)
	ticket := d.open(t, 0)
	d.sql(t, `UPDATE tickets SET state = 'created', ticket_id = 'tk_1'`)
	d.creator.late(t.Context(), ticket, storage.Outcome{State: storage.StateCreated, TicketID: "tk_1"})
	d.creator.late(t.Context(), ticket, storage.Outcome{State: storage.StateRefused})
	require.NotContains(t, d.logs.String(), "twice")
	require.Equal(t, 2, strings.Count(d.logs.String(), "is known already"))
	d.creator.late(t.Context(), ticket, storage.Outcome{State: storage.StateCreated, TicketID: "tk_2"})
	require.Contains(t, d.logs.String(), "number=tk_1 second=tk_2")
	require.Equal(t, 2, strings.Count(d.logs.String(), "is known already"))
}

func TestWhereNoTicketWaitsNothingIsSentAndNothingIsWrong(t *testing.T) {
	t.Parallel()
	d := newStored(t)
	last, pause, err := d.creator.sendNext(t.Context(), t.Context(), 7)
	require.NoError(t, err)
	require.Equal(t, time.Second, pause)
	require.EqualValues(t, 7, last)
	require.Empty(t, d.admission.slots, "its turn is given back")
	d.store.Close()
	_, _, err = d.creator.sendNext(t.Context(), t.Context(), 7)
	require.Error(t, err)
	require.Empty(t, d.admission.slots)
}

// claimed is a ticket that is being looked at.
func (d stored) claimed(t *testing.T) storage.Ticket {
	t.Helper()
	ticket := d.open(t, 0)
	created, err := d.client.CreateTicket(t.Context(), view.RequestIn(ticket))
	require.NoError(t, err)
	d.sql(t, `UPDATE tickets SET state = 'created', ticket_id = $1, due_at = now(), owner = NULL`, created.ID)
	tickets, err := d.store.ClaimLooks(t.Context(), d.work.Number(), 1, storage.LooksLongest)
	require.NoError(t, err)
	require.Len(t, tickets, 1)
	return tickets[0]
}

// waits reports for how long a ticket is not looked at, which nobody does now.
func (d stored) waits(t *testing.T) (seconds float64) {
	t.Helper()
	require.NoError(t, d.db.QueryRow(t.Context(),
		`SELECT extract(epoch FROM due_at - now())::float8 FROM tickets WHERE owner IS NULL`).Scan(&seconds))
	return seconds
}

func TestALookThatFailsIsGivenBack(t *testing.T) {
	t.Parallel()
	d := newStored(t)
	ticket := d.claimed(t)
	d.emulated.Trouble(livedesktest.Get, livedesktest.Always, livedesktest.RateLimit(time.Minute))
	d.tracker.lookAfter(t.Context(), t.Context(), ticket)
	require.InDelta(t, time.Hour.Seconds(), d.waits(t), 60)
	d.sql(t, `UPDATE tickets SET owner = $1`, d.work.Number())
	ticket.Urgent = true
	d.tracker.lookAfter(t.Context(), t.Context(), ticket)
	require.Less(t, d.waits(t), 2.0, "there was no turn for it")
	require.Empty(t, d.admission.slots)
}

func TestALookIsRecordedSoonerOrLater(t *testing.T) {
	t.Parallel()
	d := newStored(t)
	ticket := d.claimed(t)
	d.sql(t, `ALTER TABLE tickets RENAME TO renamed`)
	done := make(chan struct{})
	go func() { defer close(done); d.tracker.lookAfter(t.Context(), t.Context(), ticket) }()
	require.Eventually(t, func() bool { return strings.Contains(d.logs.String(), "cannot record") }, 30*time.Second, 10*time.Millisecond)
	d.sql(t, `ALTER TABLE renamed RENAME TO tickets`)
	<-done
	require.InDelta(t, time.Hour.Seconds(), d.waits(t), 60)
}

func TestOfChangesThatAreRefusedTogetherEachIsTriedAlone(t *testing.T) {
	t.Parallel()
	d := newStored(t)
	ticket := d.claimed(t)
	for _, words := range []string{"one", "two"} {
		a := view.NewAddition(words, ticket.ID, storage.AddText, view.Words{Text: words, Origin: words})
		require.NoError(t, d.store.Add(t.Context(), a, nil, 1, 0))
	}
	desk, err := d.client.Ticket(t.Context(), ticket.TicketID)
	require.NoError(t, err)
	d.emulated.Trouble(livedesktest.Update, 2, livedesktest.Refuse(422, livedesktest.Envelope))
	desk, look, err := d.tracker.amend(t.Context(), ticket, desk)
	require.NoError(t, err)
	require.Equal(t, 3, d.emulated.Seen(livedesktest.Update))
	require.Len(t, look.Failed, 1)
	require.Len(t, look.Additions, 1)
	require.Equal(t, "two", desk.Description)

	_, look, err = d.tracker.amend(t.Context(), ticket, desk)
	require.NoError(t, err)
	require.Len(t, look.Additions, 2, "they are not stored as done yet")
	require.Equal(t, 4, d.emulated.Seen(livedesktest.Update), "only the one that was refused")
	require.Empty(t, d.admission.slots)
}

func TestAChangeIsWrittenOnceAndOnceMoreOnlyWhereLiveDeskDislikesItsOwnWords(t *testing.T) {
	t.Parallel()
	d := newStored(t)
	number := d.claimed(t).TicketID
	refuse := livedesktest.Refuse(422, livedesktest.Envelope)
	write := func(refusals int, update livedesk.TicketUpdate) (w written, times int) {
		if refusals > 0 {
			d.emulated.Trouble(livedesktest.Update, refusals, refuse)
		}
		before := d.emulated.Seen(livedesktest.Update)
		turn, err := d.admission.enter(t.Context(), reading, patiently)
		require.NoError(t, err)
		w, err = d.tracker.update(t.Context(), turn, number, update)
		require.NoError(t, err)
		return w, d.emulated.Seen(livedesktest.Update) - before
	}
	plain, odd := livedesk.TicketUpdate{Title: "T"}, livedesk.TicketUpdate{Title: "T", Priority: "odd"}
	for name, c := range map[string]struct {
		refusals int
		update   livedesk.TicketUpdate
		w        written
		times    int
	}{
		"taken":                         {0, plain, takenWrite, 1},
		"refused":                       {1, plain, refusedWrite, 1},
		"taken without its own words":   {1, odd, takenWrite, 2},
		"refused without its own words": {2, odd, refusedWrite, 2},
	} {
		d.emulated.Clear()
		w, times := write(c.refusals, c.update)
		require.Equal(t, c.w, w, name)
		require.Equal(t, c.times, times, name)
	}
}

func TestAConfirmedChangeIsTakenWhereTheTicketShowsAsManyFilesAsItShould(t *testing.T) {
	t.Parallel()
	d := newStored(t)
	number := d.claimed(t).TicketID
	desk, err := d.client.Ticket(t.Context(), number)
	require.NoError(t, err)
	words := changes{additions: []storage.Addition{view.NewAddition("a", 1, storage.AddText, view.Words{Text: "words"})}}
	desk, w, err := d.tracker.write(t.Context(), number, desk, words)
	require.NoError(t, err)
	require.Equal(t, takenWrite, w)
	_, w, err = d.tracker.write(t.Context(), number, desk, words)
	require.NoError(t, err)
	require.Equal(t, doubtfulWrite, w, "they are there, so nothing was written")
	require.Equal(t, 1, d.emulated.Seen(livedesktest.Update))
}
