package storage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
)

func TestPlacesKeepLanguageAndDefaultsApartAndMoveWithTheirChat(t *testing.T) {
	t.Parallel()
	store := open(t)
	set := func(chat, thread int64, defaults, language string) {
		p := storage.Place{BotID: bot, ChatID: chat, ThreadID: thread, Defaults: []byte(defaults), Language: language}
		if defaults != "" {
			require.NoError(t, store.SetDefaults(t.Context(), p))
		}
		if language != "" {
			require.NoError(t, store.SetLanguage(t.Context(), p))
		}
	}
	set(-5, 0, `{"team":"A"}`, "")
	set(-5, 0, "", "de")
	set(-5, 7, "", "ja")
	set(-5, 7, `{"team":"B"}`, "")
	set(-6, 0, `{"team":"C"}`, "fr")
	set(-100, 0, `{"team":"already there"}`, "")

	_, err := store.MoveChat(t.Context(), -5, -100)
	require.NoError(t, err)
	_, err = store.MoveChat(t.Context(), -5, -100)
	require.NoError(t, err, "told by another signal")
	places, err := store.Places(t.Context(), bot, -100)
	require.NoError(t, err)
	require.Len(t, places, 2)
	require.JSONEq(t, `{"team":"already there"}`, string(places[0].Defaults))
	require.Equal(t, storage.Place{BotID: bot, ChatID: -100, ThreadID: 7, Defaults: []byte(`{"team":"B"}`), Language: "ja"}, places[1])
	places, err = store.Places(t.Context(), bot, -5)
	require.NoError(t, err)
	require.Empty(t, places)
	places, err = store.Places(t.Context(), bot+1, -6)
	require.NoError(t, err)
	require.Empty(t, places, "another bot's")
}
