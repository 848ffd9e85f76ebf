package inbox

import (
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/telegramtest"
)

func TestTheNextPollConfirmsTheLastUpdateThatHasAnID(t *testing.T) {
	t.Parallel()
	update := func(id string) json.RawMessage { return json.RawMessage(`{"update_id":` + id + `}`) }
	require.EqualValues(t, 5, after(nil, 5))
	require.EqualValues(t, 8, after([]json.RawMessage{update("9"), update("7")}, 5), "ids may begin anew, below those before")
	require.EqualValues(t, 8, after([]json.RawMessage{update("7"), update(`"x"`), json.RawMessage("[")}, 5))
}

func TestWhoIsAnotherProcessForTheDatabasePollsNoMore(t *testing.T) {
	t.Parallel()
	in, _ := newJournalled(t, &noting{})
	server := telegramtest.New(telegramtest.Options{})
	t.Cleanup(server.Close)
	api := httptest.NewServer(server)
	t.Cleanup(api.Close)
	var err error
	in.telegram, err = telegram.New(telegram.Config{Token: server.Token(), APIURL: api.URL})
	require.NoError(t, err)
	redirect(t, in, "http://127.0.0.1:1/left")
	process, ended := in.work.Process(), make(chan struct{})
	go func() { defer close(ended); in.lead(t.Context(), t.Context(), process) }()
	require.Eventually(t, func() bool { return testutil.ToFloat64(in.metrics.leader) == 1 }, 15*time.Second, 10*time.Millisecond)
	removed := func() bool { return len(server.CallsOf("deleteWebhook")) == 1 }
	require.Eventually(t, removed, 15*time.Second, 10*time.Millisecond, "under a webhook that was left Telegram refuses every poll")
	select {
	case <-ended:
		require.Fail(t, "it leads no more")
	case <-time.After(500 * time.Millisecond):
	}

	require.NoError(t, in.work.Register(t.Context()))
	t.Cleanup(process.Close)
	select {
	case <-ended:
	case <-time.After(15 * time.Second):
		require.Fail(t, "two may poll")
	}
	require.Zero(t, testutil.ToFloat64(in.metrics.leader))
}
