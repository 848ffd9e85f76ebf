package storagetest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"livedeskbot/storage/localpg"
)

func TestBinariesThatShareAServerMakeOneTemplate(t *testing.T) {
	t.Parallel()
	private, err := localpg.StartTemporary(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, private.Close()) })

	var group errgroup.Group
	for range 3 {
		group.Go(func() error {
			s, err := prepare(t.Context(), private.URL())
			if err == nil {
				s.admin.Close()
			}
			return err
		})
	}
	require.NoError(t, group.Wait())

	s, err := prepare(t.Context(), private.URL())
	require.NoError(t, err)
	t.Cleanup(s.admin.Close)
	var templates int
	err = s.admin.QueryRow(t.Context(), `SELECT count(*) FROM pg_database WHERE datname LIKE '%template\_%'`).Scan(&templates)
	require.NoError(t, err)
	require.Equal(t, 1, templates)
}

func TestAnUnusableAddressOfTheTestServerIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"host=here password=secret", "postgres://user:secret@[", "postgres://user:secret@here:port/"} {
		_, err := prepare(t.Context(), address)
		require.ErrorContains(t, err, "TEST_DATABASE_URL")
		require.NotContains(t, err.Error(), "secret")
	}
}
