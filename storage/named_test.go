package storage

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNamesBecomeNumbersInTheirOrder(t *testing.T) {
	t.Parallel()
	for n := range 3 { // the second time from memory
		sql, args, err := named{"b": n, "a": "x"}.RewriteQuery(t.Context(), nil, `SELECT @b, @a, @b -- it's @c`, nil)
		require.NoError(t, err)
		require.Equal(t, `SELECT $1, $2, $1 -- it's @c`, sql)
		require.Equal(t, []any{n, "x"}, args)
	}
}

func TestANameThatOnlyOneSideKnowsIsAnError(t *testing.T) {
	t.Parallel()
	_, _, err := named{"a": 1}.RewriteQuery(t.Context(), nil, `SELECT @a, @typo`, nil)
	require.ErrorContains(t, err, "typo")
	_, _, err = named{"a": 1, "more": 2}.RewriteQuery(t.Context(), nil, `SELECT @a`, nil)
	require.ErrorContains(t, err, "more")
}
