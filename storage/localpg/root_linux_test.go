package localpg

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRoot has what concerns several accounts, which only root can act as.
func TestRoot(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return
	}
	for name, test := range map[string]func(*testing.T){
		"a folder of another account is refused":                   aFolderOfAnotherAccountIsRefused,
		"root uses the folder of an ordinary user and shares it":   rootUsesTheFolderOfAnOrdinaryUserAndSharesIt,
		"a folder that the server's account cannot enter is named": aFolderThatTheServersAccountCannotEnterIsNamed,
		"an empty folder of root's is handed over":                 anEmptyFolderOfRootsIsHandedOver,
		"a folder of root's that holds something is left alone":    aFolderOfRootsThatHoldsSomethingIsLeftAlone,
		"an account without entry is told":                         anAccountWithoutEntryIsTold,
		"root that may not change its account is told":             rootThatMayNotChangeItsAccountIsTold,
		"root without another account is told":                     rootWithoutAnotherAccountIsTold,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

func aFolderOfAnotherAccountIsRefused(t *testing.T) {
	dir := initialised(t, self)
	owner := enter(t, self, "user", dir)
	require.Contains(t, begin(t, ordinary, "user", dir).expect(t, "fault"), "belongs to another account")
	owner.leave(t)
	require.Contains(t, begin(t, ordinary, "user", dir).expect(t, "fault"), "belongs to another account")
}

func rootUsesTheFolderOfAnOrdinaryUserAndSharesIt(t *testing.T) {
	dir := initialised(t, ordinary)
	enter(t, ordinary, "user", dir).leave(t)
	root := enter(t, self, "user", dir)
	user := enter(t, ordinary, "user", dir)
	root.leave(t)
	user.leave(t)
	enter(t, ordinary, "user", dir).leave(t)
}

func aFolderThatTheServersAccountCannotEnterIsNamed(t *testing.T) {
	closed := filepath.Dir(folder(t, self))
	require.NoError(t, os.Chmod(closed, 0o700))
	_, err := Start(t.Context(), Config{Dir: filepath.Join(closed, "data")})
	require.ErrorContains(t, err, "cannot enter "+closed)
	require.NoDirExists(t, filepath.Join(closed, "data"))
}

func anEmptyFolderOfRootsIsHandedOver(t *testing.T) {
	dir := folder(t, self)
	require.NoError(t, os.Mkdir(dir, 0o700))
	enter(t, self, "user", dir).leave(t)
	enter(t, self, "user", dir).leave(t)

	hidden := filepath.Dir(folder(t, self))
	require.NoError(t, os.Chmod(hidden, 0o700))
	within := filepath.Join(hidden, "data")
	require.NoError(t, os.Mkdir(within, 0o700))
	_, err := Start(t.Context(), Config{Dir: within})
	require.ErrorContains(t, err, "cannot enter "+within)
	require.Zero(t, owner(t, within), "it stays root's where that does not help")
}

func aFolderOfRootsThatHoldsSomethingIsLeftAlone(t *testing.T) {
	dir := folder(t, self)
	require.NoError(t, os.Mkdir(dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "of somebody"), nil, 0o600))
	_, err := Start(t.Context(), Config{Dir: dir})
	require.ErrorContains(t, err, "cannot enter "+dir)
	require.Zero(t, owner(t, dir))
}

// owner is the number of the account that a file belongs to.
func owner(t *testing.T, path string) uint32 {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Sys().(*syscall.Stat_t).Uid
}

func anAccountWithoutEntryIsTold(t *testing.T) {
	stranger := person{"a number without account", func() *syscall.SysProcAttr {
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 54321, Gid: 54321}}
	}}
	fault := begin(t, stranger, "user", folder(t, stranger)).expect(t, "fault")
	require.Contains(t, fault, "the account with the number 54321 has no entry in /etc/passwd")
}

func rootThatMayNotChangeItsAccountIsTold(t *testing.T) {
	confined := person{"root of a container with one account", func() *syscall.SysProcAttr {
		only := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1}}
		return &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: only, GidMappings: only}
	}}
	fault := begin(t, confined, "user", folder(t, confined)).expect(t, "fault")
	require.Contains(t, fault, "root without the right to act as account")
}

func rootWithoutAnotherAccountIsTold(t *testing.T) {
	_, err := serverAccount(t.TempDir(), "no-such-account")
	require.ErrorContains(t, err, "as root Postgres runs as another account, and this machine has none of no-such-account")
}
