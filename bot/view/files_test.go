package view

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFileNamesAreMadeSafe(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a.pdf": "a.pdf", "../../etc/passwd": "passwd", `C:\x\y.doc`: "y.doc", ".bashrc": "bashrc", "a\x00b\n.txt": "ab .txt",
		"": "", "/": "", "…/..": "", strings.Repeat("я", 300) + ".jpeg": strings.Repeat("я", 100) + ".jpeg", `q"?*.x`: "q___.x",
	} {
		require.Equal(t, want, SafeName(name), name)
	}
}
