package storage_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"livedeskbot/storage"
)

func TestPartsOfAnAlbumAndItsTicketFindEachOtherInAnyOrder(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	for round := range int64(20) {
		album, base := fmt.Sprint("album", round), 100*round
		var all errgroup.Group
		var ticket storage.Ticket
		for i := range int64(8) {
			all.Go(func() error {
				if i != 3 {
					_, err := store.AddAlbumPart(t.Context(), bot, 7, album, base+i, 0, file(base+i, "").File, time.Second)
					return err
				}
				want := newTicket(album, 7, storage.StateWaiting)
				want.MessageID, want.Album, want.Files = base+i, album, []storage.File{file(base+i, "")}
				var err error
				ticket, err = store.OpenTicket(t.Context(), want, process.Number, 0)
				return err
			})
		}
		require.NoError(t, all.Wait())
		require.Equal(t, []int64{base, base + 1, base + 2, base + 3, base + 4, base + 5, base + 6, base + 7}, places(t, store, ticket.ID))
	}
}

func TestAlbumsOfOtherChatsAndBotsStayApart(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	want := newTicket("ref", 7, storage.StateWaiting)
	want.Album, want.Files = "album", []storage.File{file(3, "")}
	ticket := openTicket(t, store, process, want)
	for _, other := range []struct{ bot, chat int64 }{{bot, 8}, {bot + 1, 7}} {
		joined, err := store.AddAlbumPart(t.Context(), other.bot, other.chat, "album", 4, 0, file(4, "").File, time.Second)
		require.NoError(t, err)
		require.False(t, joined)
	}
	require.Equal(t, []int64{3}, places(t, store, ticket.ID))

	want.Ref = "opened after the others' parts"
	require.Equal(t, []int64{3}, places(t, store, openTicket(t, store, process, want).ID))
}

func TestAPartThatComesLateHoldsTheTicketForMore(t *testing.T) {
	t.Parallel()
	store := open(t)
	process := register(t, store)
	want := newTicket("ref", 7, storage.StateWaiting)
	want.Album = "album"
	ticket := openTicket(t, store, process, want)
	for range 2 {
		joined, err := store.AddAlbumPart(t.Context(), bot, 7, "album", 4, 0, file(4, "").File, time.Hour)
		require.NoError(t, err)
		require.True(t, joined)
	}
	require.Equal(t, []int64{4}, places(t, store, ticket.ID), "once")
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM tickets WHERE with_files AND hold_until > now() + interval '50 minutes'`))

	require.Zero(t, removeOld(t, store, "album_parts", 0))
	require.Equal(t, 1, count(t, store, `SELECT count(*) FROM album_parts`))
	exec(t, store, `UPDATE album_parts SET seen_at = now() - interval '8 days'`)
	require.Equal(t, int64(1), removeOld(t, store, "album_parts", 0))
	require.Zero(t, count(t, store, `SELECT count(*) FROM album_parts`))
}
