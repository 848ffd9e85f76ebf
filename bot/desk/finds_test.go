package desk

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"livedeskbot/livedesk"
)

func TestATicketIsMissingAloneWhereOthersWereThereInBetween(t *testing.T) {
	t.Parallel()
	f := newFinds()
	f.there("other")
	require.False(t, f.absent("one"), "for the first time")
	require.False(t, f.absent("one"), "no other was asked for")
	f.there("other")
	require.True(t, f.absent("one"))
	require.False(t, f.absent("one"))
	f.there("one")
	require.False(t, f.absent("one"), "for the first time since it was there")
}

func TestANumberThatCannotBeOneIsNotAskedFor(t *testing.T) {
	t.Parallel()
	var d Desk // it would panic
	_, err := d.Ask(t.Context(), strings.Repeat("1", maxNumber+1))
	require.ErrorIs(t, err, livedesk.ErrNotFound)
	require.Panics(t, func() { _, _ = d.Ask(t.Context(), strings.Repeat("1", maxNumber)) })
}
