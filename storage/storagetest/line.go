package storagetest

import (
	"cmp"
	"errors"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Line is a network between a test and a database, whose connections can fall silent: nothing arrives any more, and neither
// side is told. So it is after a fail-over, or with a pulled cable. Safe for concurrent use.
type Line struct {
	url      *url.URL
	network  string // of the server
	address  string
	listener net.Listener

	mu      sync.Mutex
	ends    []net.Conn    // of all connections
	dead    chan struct{} // closed when the connections of now fall silent
	severed bool
	held    *hold // nil: what the server says arrives at once
}

// hold is a moment in which nothing that the server says arrives.
type hold struct {
	once   sync.Once
	waits  chan struct{} // closed when something waits
	lifted chan struct{}
}

// NewLine returns a line to the database with the given connection string, which is one of New.
func NewLine(t testing.TB, database string) *Line {
	t.Helper()
	u, err := url.Parse(database)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := &Line{url: u, network: "tcp", address: u.Host, listener: listener, dead: make(chan struct{})}
	if folder := u.Query().Get("host"); folder != "" {
		l.network, l.address = "unix", filepath.Join(folder, ".s.PGSQL."+cmp.Or(u.Query().Get("port"), "5432"))
	}
	t.Cleanup(l.close)
	go l.serve()
	return l
}

// URL is the connection string of the database over the line.
func (l *Line) URL() string {
	over := *l.url
	over.Host = l.Address()
	query := over.Query()
	query.Del("host")
	query.Del("port")
	over.RawQuery = query.Encode()
	return over.String()
}

// Address is the host and port of the line.
func (l *Line) Address() string { return l.listener.Addr().String() }

// Silence makes the connections of now fall silent; those made later work.
func (l *Line) Silence() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.dead)
	l.dead = make(chan struct{})
}

// Sever makes the connections of now fall silent, and those that are made until Mend.
func (l *Line) Sever() {
	l.Silence()
	l.NoMore()
}

// NoMore makes the connections silent that are made until Mend. Those of now work.
func (l *Line) NoMore() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.severed = true
}

// Mend lets connections that are made from now on work.
func (l *Line) Mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.severed = false
}

// Hold makes what the server says wait until it is lifted; waits is closed when something does.
func (l *Line) Hold() (waits <-chan struct{}, lift func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	held := &hold{waits: make(chan struct{}), lifted: make(chan struct{})}
	l.held = held
	return held.waits, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.held = nil
		close(held.lifted)
	}
}

// await returns when nothing is held.
func (l *Line) await() {
	l.mu.Lock()
	held := l.held
	l.mu.Unlock()
	if held != nil {
		held.once.Do(func() { close(held.waits) })
		<-held.lifted
	}
}

func (l *Line) serve() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.connect(near)
	}
}

func (l *Line) connect(near net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends = append(l.ends, near)
	if l.severed {
		return // it stands, and nobody hears what is said on it
	}
	far, err := net.Dial(l.network, l.address)
	if err != nil {
		near.Close()
		return
	}
	l.ends = append(l.ends, far)
	go pass(near, far, l.dead, func() {})
	go pass(far, near, l.dead, l.await)
}

// pass carries what one side says to the other, each time after await, until they fall silent.
func pass(from, to net.Conn, dead <-chan struct{}, await func()) {
	_, err := io.Copy(writer(func(b []byte) (int, error) {
		await()
		select {
		case <-dead:
			return 0, errSilent
		default:
			return to.Write(b)
		}
	}), from)
	select {
	case <-dead:
		_, _ = io.Copy(io.Discard, from) // the other side is not even told that this one has gone
	default:
		if !errors.Is(err, errSilent) {
			to.Close()
		}
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

var errSilent = errors.New("silent")

func (l *Line) close() {
	_ = l.listener.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, end := range l.ends {
		_ = end.Close()
	}
}
