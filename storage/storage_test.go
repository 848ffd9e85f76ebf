package storage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
	"livedeskbot/storage/storagetest"
)

// calls are all calls that a store answers, with a process of it, by what they attempt.
func calls(ctx context.Context, s *storage.Store, p *storage.Process) map[string]error {
	all := map[string]error{}
	add := func(attempt string, err error) { all[attempt] = err }
	_, err := s.Journal(ctx, bot, 1, nil)
	add("journal 0 updates", err)
	_, err = s.ClaimUpdates(ctx, bot, 1, 1, nil)
	add("claim updates", err)
	add("suspect update 3", s.Suspect(ctx, bot, 3, 1))
	add("finish update 3", s.FinishUpdate(ctx, bot, 3))
	add("give up update 3", s.GiveUpUpdate(ctx, bot, 3, "", true))
	_, _, err = s.RemoveOld(ctx, storage.Agings[0], 0)
	add("remove old updates", err)
	_, _, _, err = s.RemoveTickets(ctx, time.Now(), storage.After{})
	add("remove old tickets", err)
	add("offer to forget a person", s.OfferForgetting(ctx, 5, 1))
	add("make sure to forget a person", s.MakeSure(ctx, 5, 1))
	add("ask to forget a person", s.AskForgetting(ctx, 5, nil))
	_, err = s.Forgetting(ctx, 5)
	add("forgetting of a person", err)
	_, err = s.Forgettings(ctx)
	add("look for people to forget", err)
	_, err = s.Forget(ctx, storage.Forgetting{PersonID: 5})
	add("forget a person", err)
	_, err = s.ClearForgotten(ctx)
	add("clear forgotten tickets", err)
	add("end what no feed will tell", s.EndFeeds(ctx, time.Now(), false))
	_, err = s.EndForgetting(ctx, storage.Forgetting{PersonID: 5})
	add("end the forgetting of a person", err)
	_, err = s.DataOf(ctx, 5)
	add("data of a person", err)
	_, err = s.OpenUpdatesNaming(ctx, 5, time.Now())
	add("updates of a person", err)
	_, err = s.Served(ctx)
	add("look for processes", err)

	_, err = s.OpenTicket(ctx, newTicket("a", 7, storage.StateSending), 1, 0)
	add("open ticket for chat 7", err)
	want := newTicket("b", 8, storage.StateSending)
	want.Album = "album"
	_, err = s.OpenTicket(ctx, want, 1, 0)
	add("open ticket for chat 8", err)
	_, err = s.AnyWaiting(ctx, true)
	add("look for waiting tickets", err)
	_, err = s.ClaimWaiting(ctx, 1)
	add("claim a waiting ticket", err)
	_, err = s.ClaimProbe(ctx, 1, 0)
	add("claim a ticket to probe with", err)
	_, err = s.RecordOutcome(ctx, 3, 1, storage.Outcome{}, 1)
	add("record outcome of ticket 3", err)
	_, err = s.TryAgain(ctx, 3, 1, storage.StateWaiting, 1)
	add("try ticket 3 again", err)
	add("leave ticket 3", s.Leave(ctx, 3, 1))
	add("rewrite ticket 3", s.Rewrite(ctx, 3, storage.Rewriting{Request: []byte(`{}`)}, bot, 0))
	_, err = s.Ticket(ctx, 3)
	add("ticket 3", err)
	_, err = s.ByRef(ctx, "a")
	add("ticket by message", err)
	_, err = s.TicketsByNumber(ctx, "tk")
	add("tickets by number", err)
	_, err = s.UnfinishedOf(ctx, 5, 1)
	add("unfinished tickets of a person", err)
	_, _, err = s.Queue(ctx, 0, 1)
	add("unfinished tickets", err)
	add("status of ticket 3", s.Seen(ctx, 3, "open"))

	_, err = s.ClaimTellings(ctx, 1, 1, []int64{})
	add("claim tellings", err)
	_, err = s.RecordTold(ctx, storage.Ticket{ID: 3}, 7, 0, 1)
	add("record telling of ticket 3", err)
	add("defer telling of ticket 3", s.DeferTelling(ctx, 3, 0, 1))
	_, err = s.ClaimLooks(ctx, 1, 1, storage.LooksNewest)
	add("claim looks", err)
	_, err = s.RecordLook(ctx, 3, storage.Look{}, 1)
	add("record look at ticket 3", err)
	add("defer look at ticket 3", s.DeferLook(ctx, 3, 0, 1))
	add("miss ticket 3", s.MissLook(ctx, 3, 0, 1))
	add("look at ticket 3", s.LookNow(ctx, 3))
	_, err = s.ScheduledLooks(ctx, storage.Scheduled{}, 1)
	add("scheduled looks", err)
	add("hasten looks", s.HastenLooks(ctx, []int64{3}, []float64{1}))
	_, err = s.MeantByNumber(ctx, nil)
	add("tickets by numbers", err)
	_, err = s.MeantByChat(ctx, nil, 1)
	add("tickets by chats", err)
	_, err = s.LastActive(ctx, 1)
	add("tickets that were active last", err)
	add("nudge tickets", s.Nudge(ctx, nil))

	add("add to ticket 3", s.Add(ctx, storage.Addition{Ref: "a", Ticket: 3, Kind: storage.AddText, Content: []byte(`{}`)}, nil, bot, 0))
	_, err = s.Additions(ctx, 3)
	add("additions to ticket 3", err)
	add("ask to reopen ticket 3", s.Reopen(ctx, storage.Addition{Ticket: 3}, nil, storage.Addition{}, storage.Question{}, 0))
	_, err = s.LastAddition(ctx, 3, storage.AddRating)
	add("last rating of ticket 3", err)
	_, err = s.Said(ctx, 3)
	add("what was said of ticket 3", err)
	add("count tries", s.Tried(ctx, nil, nil))
	add("fail additions to ticket 3", s.FailAdditions(ctx, 3, nil, nil))
	_, err = s.Notices(ctx, 3)
	add("notices of ticket 3", err)
	add("record notice of ticket 3", s.RecordPart(ctx, storage.Notice{Ticket: 3, Content: []byte(`{}`)}, "", 0, false))
	_, err = s.Followers(ctx, 3)
	add("followers of ticket 3", err)
	_, err = s.Follows(ctx, 3, 5)
	add("look for a follower of ticket 3", err)
	_, err = s.Following(ctx, 3, 5)
	add("look whether ticket 3 is followed", err)
	add("follow ticket 4", s.Follow(ctx, 4, storage.Person{}, storage.Here, true))
	add("follow ticket 5", s.Follow(ctx, 5, storage.Person{}, storage.Here, false))
	add("add post in chat 7", s.AddPost(ctx, 7, 1, storage.Post{}, bot, 0))
	_, err = s.PostAt(ctx, 7, 100)
	add("post in chat 7", err)
	_, err = s.IsList(ctx, 8, 100)
	add("post in chat 8", err)
	_, err = s.LastPost(ctx, 7, 3, storage.PostTalk)
	add("last post about ticket 3", err)
	_, _, err = s.List(ctx, storage.Selection{}, 0, 1)
	add("list tickets", err)
	_, err = s.ListEnding(ctx, storage.Selection{}, "abc", 1)
	add("tickets by the end of their number", err)
	_, err = s.ListChats(ctx, storage.Selection{}, 1)
	add("chats of tickets", err)

	_, _, err = s.NextFed(ctx, storage.FeedShare{})
	add("next ticket of a feed", err)
	_, err = s.FeedPostOf(ctx, 3)
	add("feed post of ticket 3", err)
	_, err = s.FeedAdditions(ctx, 3)
	add("additions to ticket 3 for its feed", err)
	fed := storage.Feeding{Fed: storage.Fed{Ticket: storage.Ticket{ID: 3}}}
	add("record feed of ticket 3", s.RecordFed(ctx, fed))
	_, err = s.NextLeft(ctx, storage.FeedShare{})
	add("next message that is left", err)
	add("record message left in chat 7", s.RecordLeft(ctx, storage.LeftPost{ChatID: 7}))
	_, err = s.AnsweredInFeed(ctx, 3, 5)
	add("look for an answer in the feed of ticket 3", err)
	add("record answer in the feed of ticket 3", s.AnswerInFeed(ctx, 3, 5, 0))
	_, err = s.PrivateNotices(ctx, 1)
	add("private notices", err)
	_, _, err = s.NoticeByID(ctx, 3)
	add("notice 3", err)
	add("end private notice 3", s.EndPrivate(ctx, storage.PrivateNotice{Notice: 3}))
	add("defer private notice 3", s.DeferPrivate(ctx, storage.PrivateNotice{Notice: 3}, 0))
	add("name chat 7", s.NamePlace(ctx, storage.PlaceKey{Chat: 7}, "x", true))
	add("rename chat 7", s.RenamePlace(ctx, storage.PlaceKey{Chat: 7}, "x"))
	_, err = s.NamesOf(ctx)
	add("names of chats", err)

	_, err = s.Files(ctx, 3)
	add("files of ticket 3", err)
	_, err = s.ClaimFiles(ctx, 1, 1)
	add("claim files", err)
	add("finish file 3", s.FinishFile(ctx, 3, storage.FileDropped, "", ""))
	add("drop files of ticket 3", s.DropFiles(ctx, 3, ""))
	add("defer file 3", s.DeferFile(ctx, 3, 0, false, 1))
	add("enter files of ticket 3", s.EnterFiles(ctx, 3, []byte(`{}`), nil))
	add("leave out files of ticket 3", s.LeaveFilesOut(ctx, 3, []byte(`{}`), ""))
	_, err = s.AddAlbumPart(ctx, bot, 7, "album", 1, 0, []byte(`{}`), 0)
	add("album part in chat 7", err)

	add("ask in chat 7", s.Ask(ctx, storage.Question{ChatID: 7}))
	add("asked in chat 7", s.Asked(ctx, storage.Question{ChatID: 7}, 1))
	_, err = s.QuestionFor(ctx, bot, 7, 5, 1, false)
	add("question in chat 7", err)
	_, err = s.AskAboutTicket(ctx, storage.Question{Ticket: 3})
	add("ask about ticket 3", err)
	_, err = s.QuestionAbout(ctx, bot, 7, 5, 3)
	add("question about ticket 3", err)
	_, err = s.LoseChat(ctx, 7)
	add("lose chat 7", err)
	add("regain chat 7", s.RegainChat(ctx, 7))
	_, err = s.MoveChat(ctx, 7, 8)
	add("move chat 7 to 8", err)
	_, err = s.ChatNow(ctx, 7)
	add("chat 7", err)

	_, err = s.Register(ctx, nil, storage.InHand{})
	add("register process", err)
	_, err = s.TakeOver(ctx, true)
	add("take over", err)
	_, err = s.Unserved(ctx)
	add("look for unserved bots", err)
	_, err = s.Owned(ctx, 1)
	add("owned by process 1", err)
	add("free work of process 1", s.Free(ctx, 1, storage.InHand{}))
	_, err = p.TryLead(ctx, bot)
	add("lead bot 42", err)
	add(fmt.Sprintf("process %d is cut off", p.Number), p.Alive(ctx))
	_, err = s.Counts(ctx)
	add("count rows", err)
	_, err = s.Facts(ctx)
	add("look at the database", err)
	add("ping database", s.Ping(ctx))
	_, err = storage.SchemaCurrent(ctx, s.Pool())
	add("read schema version", err)
	return all
}

func TestEveryFailureSaysWhatWasAttempted(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for attempt, err := range calls(ctx, store, process) {
		require.ErrorIs(t, err, context.Canceled, attempt)
		require.ErrorContains(t, err, attempt+": ")
	}
}

func TestNothingIsFoundInAnEmptyDatabaseAndWhoAsksIsToldWhat(t *testing.T) {
	t.Parallel()
	ids := []string{
		"claim a ticket to probe with", "record outcome of ticket 3", "try ticket 3 again", "leave ticket 3", "rewrite ticket 3",
		"ticket 3", "record telling of ticket 3", "record look at ticket 3", "post in chat 7", "question in chat 7", "claim a waiting ticket",
	}
	store := open(t)
	all := calls(t.Context(), store, register(t, store))
	for _, attempt := range ids {
		require.ErrorIs(t, all[attempt], storage.ErrNotFound, attempt)
		require.ErrorContains(t, all[attempt], attempt+": ")
	}
}

func TestWhatIsNoConnectionStringIsSaidWithoutItsPassword(t *testing.T) {
	t.Parallel()
	_, err := storage.Open(t.Context(), "postgres://bot:secret@host:port/db")
	require.ErrorContains(t, err, "DATABASE_URL")
	require.NotContains(t, err.Error(), "secret")
}

func TestADatabaseThatTakesNoChangesIsNotReady(t *testing.T) {
	t.Parallel()
	address := storagetest.New(t)
	for mode, ready := range map[string]bool{"off": true, "on": false} {
		u, err := url.Parse(address)
		require.NoError(t, err)
		query := u.Query()
		query.Set("default_transaction_read_only", mode)
		u.RawQuery = query.Encode()
		store, err := storage.Open(t.Context(), u.String())
		require.NoError(t, err)
		t.Cleanup(store.Close)
		require.Equal(t, ready, store.Ping(t.Context()) == nil)
		facts, err := store.Facts(t.Context())
		require.NoError(t, err)
		require.Equal(t, !ready, facts.ReadOnly)
	}
}

func TestADatabaseIsAwayWhereItMayComeBack(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"57P01", "08006", "53300", "40001", "25006", "55P03"} {
		require.True(t, storage.IsAway(fmt.Errorf("wrapped: %w", &pgconn.PgError{Code: code})), code)
	}
	for _, code := range []string{"23505", "42P01", "28P01", "3D000"} {
		require.False(t, storage.IsAway(&pgconn.PgError{Code: code}), code)
	}
	require.True(t, storage.IsAway(fmt.Errorf("read: %w", io.ErrUnexpectedEOF)))
	require.True(t, storage.IsAway(fmt.Errorf("read: %w", syscall.ETIMEDOUT)), "nobody has acknowledged what was sent")
	require.False(t, storage.IsAway(errors.New("other")))

	nobody, err := storage.Open(t.Context(), "postgres://127.0.0.1:1/none")
	require.NoError(t, err)
	t.Cleanup(nobody.Close)
	require.True(t, storage.IsAway(nobody.Ping(t.Context())), "nobody listens")
	u, err := url.Parse(storagetest.New(t))
	require.NoError(t, err)
	u.Path = "/there_is_none"
	none, err := storage.Open(t.Context(), u.String())
	require.NoError(t, err)
	t.Cleanup(none.Close)
	err = none.Ping(t.Context())
	require.Error(t, err)
	require.False(t, storage.IsAway(err), "which waiting does not mend")
}

func TestADatabaseSaysWhatItLetsItsUserDo(t *testing.T) {
	t.Parallel()
	store := open(t)
	facts, err := store.Facts(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, facts.Major, 13)
	facts.Major = 0
	require.Equal(t, storage.Facts{Current: true, MayCreate: true, MayWrite: true}, facts)

	exec(t, store, `DROP SCHEMA public CASCADE`)
	facts, err = store.Facts(t.Context())
	require.NoError(t, err)
	facts.Major = 0
	require.Equal(t, storage.Facts{}, facts)
}

func TestWhatWaitsIsCountedWithItsAge(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	none, err := store.Counts(t.Context())
	require.NoError(t, err)
	require.Equal(t, storage.Counts{}, none)

	journal(t, store, process, false, storage.Update{ID: 1}, storage.Update{ID: 2}, storage.Update{ID: 3})
	journal(t, store, process, true, storage.Update{ID: 4})
	require.NoError(t, store.FinishUpdate(t.Context(), bot, 3))
	for ref, row := range map[string]string{
		"waits":            "state = 'waiting', due_at = now() - interval '100 s'",
		"waits for later":  "state = 'waiting', due_at = now() + interval '100 s'",
		"is sent":          "state = 'sending', owner = 1",
		"has no number":    "state = 'created', due_at = now() - interval '900 s'", // also of a version that made it due
		"is due":           "state = 'created', ticket_id = 'tk', due_at = now() - interval '200 s'",
		"is due later":     "state = 'created', ticket_id = 'tk', due_at = now() + interval '200 s'",
		"is looked at":     "state = 'created', ticket_id = 'tk', due_at = now() - interval '900 s', owner = 1",
		"is to be told":    "state = 'left', tell_at = now() - interval '300 s'",
		"is told later":    "state = 'left', tell_at = now() + interval '300 s'",
		"is being told":    "state = 'left', tell_at = now() - interval '900 s', teller = 1",
		"is to be decided": "state = 'unconfirmed'",
	} {
		openTicket(t, store, process, newTicket(ref, 7, storage.StateWaiting))
		exec(t, store, `UPDATE tickets SET tell_at = NULL WHERE telegram_ref = $1`, ref)
		exec(t, store, `UPDATE tickets SET `+row+` WHERE telegram_ref = $1`, ref)
	}
	exec(t, store, `UPDATE updates SET received_at = now() - interval '400 s' WHERE update_id = 2`)
	counts, err := store.Counts(t.Context())
	require.NoError(t, err)
	for _, c := range []struct {
		got    storage.Waiting
		rows   int64
		oldest float64
	}{{counts.FreeUpdates, 2, 400}, {counts.WaitingTickets, 2, 100}, {counts.ToTell, 1, 300}, {counts.Looks, 1, 200}} {
		require.Equal(t, c.rows, c.got.Rows)
		require.InDelta(t, c.oldest, c.got.Oldest, 30)
	}
	require.Equal(t, int64(1), counts.Unconfirmed)
}
