package storage_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

func talk(message int64, text string) storage.Offer {
	return storage.Offer{
		BotID: bot, ChatID: 7, MessageID: message, PersonID: 7, Kind: storage.OfferTalk, Messages: [][]byte{[]byte(`{"text":"` + text + `"}`)},
	}
}

func TestMessagesThatComeSoonJoinTheOfferThatStands(t *testing.T) {
	t.Parallel()
	store := open(t)
	offer := func(o storage.Offer, join time.Duration) storage.Offer {
		t.Helper()
		made, err := store.Offer(t.Context(), o, join)
		require.NoError(t, err)
		return made
	}
	first := offer(talk(1, "a"), time.Minute)
	require.EqualValues(t, 1, first.MessageID)
	require.Equal(t, first, offer(talk(1, "a"), time.Minute), "handled twice")
	require.NoError(t, store.OfferAnswered(t.Context(), first, 2))

	joined := offer(talk(3, "b"), time.Minute)
	require.EqualValues(t, 1, joined.MessageID)
	require.EqualValues(t, 2, joined.AnswerID)
	require.Equal(t, [][]byte{[]byte(`{"text":"a"}`), []byte(`{"text":"b"}`)}, joined.Messages)
	require.Equal(t, joined, offer(talk(3, "b"), time.Minute), "handled twice")

	about := talk(4, "c")
	about.Kind, about.About = storage.OfferClosed, 12
	require.EqualValues(t, 4, offer(about, time.Minute).MessageID, "another matter")
	require.EqualValues(t, 5, offer(talk(5, "d"), 0).MessageID, "too late")
	other := talk(6, "e")
	other.PersonID = 8
	require.EqualValues(t, 6, offer(other, time.Minute).MessageID, "another person")
}

func TestAnAlbumIsOneOffer(t *testing.T) {
	t.Parallel()
	store := open(t)
	part := func(message int64) storage.Offer {
		o := talk(message, "x")
		o.Album = "album"
		made, err := store.Offer(t.Context(), o, 0)
		require.NoError(t, err)
		return made
	}
	part(1)
	both := part(2)
	require.EqualValues(t, 1, both.MessageID)
	require.Len(t, both.Messages, 2)
	_, err := store.ChooseOffer(t.Context(), both, "new")
	require.NoError(t, err)
	late := part(3)
	require.Equal(t, "new", late.Choice)
	require.Len(t, late.Messages, 2, "what comes after the choice is not kept")
}

func TestTheFirstChoiceOfAnOfferCounts(t *testing.T) {
	t.Parallel()
	store := open(t)
	offer, err := store.Offer(t.Context(), talk(1, "a"), 0)
	require.NoError(t, err)
	chosen, err := store.ChooseOffer(t.Context(), offer, "new")
	require.NoError(t, err)
	require.Len(t, chosen.Messages, 1)
	again, err := store.ChooseOffer(t.Context(), offer, "new")
	require.NoError(t, err, "the press is handled again")
	require.Equal(t, chosen, again)
	_, err = store.ChooseOffer(t.Context(), offer, "add:5")
	require.ErrorIs(t, err, storage.ErrNotFound)

	require.NoError(t, store.ReopenOffer(t.Context(), offer))
	_, err = store.ChooseOffer(t.Context(), offer, "add:5")
	require.NoError(t, err)
	require.NoError(t, store.EndOffer(t.Context(), offer))
	require.NoError(t, store.ReopenOffer(t.Context(), offer))
	_, err = store.ChooseOffer(t.Context(), offer, "add:5")
	require.ErrorIs(t, err, storage.ErrNotFound, "it has taken effect")
	ended, err := store.OfferAt(t.Context(), bot, 7, 1)
	require.NoError(t, err)
	require.True(t, ended.Ended)
	require.Empty(t, ended.Messages, "what was written is not kept")

	require.Zero(t, removeOld(t, store, "offers", 0))
	_, err = store.OfferAt(t.Context(), bot, 7, 1)
	require.NoError(t, err)
	exec(t, store, `UPDATE offers SET made_at = now() - interval '25 hours'`)
	require.NotZero(t, removeOld(t, store, "offers", 0))
	_, err = store.OfferAt(t.Context(), bot, 7, 1)
	require.ErrorIs(t, err, storage.ErrNotFound)
}

func TestOffersOfAGroupEndWhereItMoves(t *testing.T) {
	t.Parallel()
	store := open(t)
	_, err := store.Offer(t.Context(), talk(1, "a"), 0)
	require.NoError(t, err)
	_, err = store.MoveChat(t.Context(), 7, -1007)
	require.NoError(t, err)
	require.Zero(t, count(t, store, `SELECT count(*) FROM offers`))
}
