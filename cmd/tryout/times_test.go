package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/telegramtest"
)

func TestDatesAreShownInTheZoneOfWhoLooks(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 5, 14, 30, 0, 0, time.Local)
	content := telegramtest.Content{Text: "🎫 by 5 Mar, asked then.", Entities: []telegramtest.Entity{
		{Type: "bold", Offset: 0, Length: 2},
		{Type: "date_time", Offset: 6, Length: 5, UnixTime: at.Unix(), DateTimeFormat: "wt"},
		{Type: "date_time", Offset: 19, Length: 4, UnixTime: at.Add(-2 * time.Hour).Unix(), DateTimeFormat: "r"},
	}}
	require.Equal(t, "🎫 by Thursday 14:30, asked 2 hours ago.", withTimes(content, at))
	for format, shown := range map[string]string{"Dt": "5 March 2026 14:30", "d": "05/03/26", "T": "14:30:00", "": ""} {
		require.Equal(t, shown, when(at, format, at), format)
	}
	require.Equal(t, "in 1 day", when(at.Add(30*time.Hour), "r", at))
	require.Equal(t, "just now", when(at, "r", at))
}
