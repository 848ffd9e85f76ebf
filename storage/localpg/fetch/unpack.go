package fetch

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/xi2/xz"
)

// unpack makes the folder from a jar, which is a zip archive with a packed tar archive in it. Everyone may read what it
// makes, whatever the umask: as root the server runs as another account.
func unpack(jar []byte, dir string) error {
	archive, err := zip.NewReader(bytes.NewReader(jar), int64(len(jar)))
	if err != nil {
		return err
	}
	for _, file := range archive.File {
		if !strings.HasSuffix(file.Name, ".txz") {
			continue
		}
		packed, err := file.Open()
		if err != nil {
			return err
		}
		defer packed.Close()
		if err := unpackTar(packed, dir); err != nil {
			return fmt.Errorf("%s: %w", file.Name, err)
		}
		return check(dir)
	}
	return errors.New("it holds no .txz archive")
}

func unpackTar(packed io.Reader, dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	plain, err := xz.NewReader(packed, 0)
	if err != nil {
		return err
	}
	for entries := tar.NewReader(plain); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := unpackEntry(root, header, entries); err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
	}
}

// unpackEntry cannot leave the folder: the root refuses names and links that lead out of it. Links that nothing is written
// through are refused here, so that the server does not follow them either.
func unpackEntry(root *os.Root, header *tar.Header, content io.Reader) error {
	name := path.Clean(header.Name)
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	if header.Typeflag == tar.TypeDir {
		return root.MkdirAll(name, 0o755)
	}
	_ = root.Remove(name) // as with tar, a later entry takes the place of an earlier one
	switch header.Typeflag {
	case tar.TypeReg:
		return unpackFile(root, name, header.FileInfo().Mode(), content)
	case tar.TypeSymlink:
		if path.IsAbs(header.Linkname) || !filepath.IsLocal(path.Join(path.Dir(name), header.Linkname)) {
			return fmt.Errorf("a link to %s leads out of the folder", header.Linkname)
		}
		return root.Symlink(header.Linkname, name)
	}
	return fmt.Errorf("an entry of type %q does not belong here", header.Typeflag)
}

func unpackFile(root *os.Root, name string, mode fs.FileMode, content io.Reader) error {
	file, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := io.Copy(file, content); err != nil {
		return err
	}
	open := fs.FileMode(0o644)
	if mode&0o100 != 0 {
		open = 0o755
	}
	return file.Chmod(open)
}

// check lets everyone into the folders and looks whether the programs are there.
func check(dir string) error {
	for _, program := range []string{"initdb", "postgres"} {
		if info, err := os.Stat(filepath.Join(dir, "bin", program)); err != nil || !info.Mode().IsRegular() {
			return fmt.Errorf("it holds no program bin/%s", program)
		}
	}
	return filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return os.Chmod(name, 0o755)
	})
}
