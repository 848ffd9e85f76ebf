package storage

import (
	"context"
	"net"
	"time"
)

const (
	// silence is the longest that the database may take to answer, or to take what it is sent. It is longer than
	// statement_timeout, after which a server that lives says so: who is silent for longer will stay silent, as after a
	// fail-over or with a pulled cable, of which nobody else tells.
	silence = 13 * time.Second
	// connectTimeout is the longest for one connection to one server. Of several servers each has that long.
	connectTimeout = 5 * time.Second
	// farewell is how long a server may take to end a connection on which a call was given up.
	farewell = time.Second
)

// newDialer keeps the kernel from waiting for hours for the end of a connection that nobody answers on any more.
func newDialer() *net.Dialer {
	return &net.Dialer{
		Timeout: connectTimeout, ControlContext: limitUnacknowledged,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3},
	}
}

// dial connects to the database. fellSilent is called when a connection was given up because it was silent.
func dial(fellSilent func()) func(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := newDialer()
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return impatient{conn, fellSilent}, nil
	}
}

// impatient is a connection that closes itself where the other side is silent for longer than silence. This is the deadline of
// every call, be it a statement, a batch or the end of a transaction, because nobody reads from a connection that is idle.
type impatient struct {
	net.Conn
	fellSilent func()
}

func (c impatient) Read(b []byte) (int, error) {
	defer time.AfterFunc(silence, c.giveUp).Stop()
	return c.Conn.Read(b)
}

func (c impatient) Write(b []byte) (int, error) {
	defer time.AfterFunc(silence, c.giveUp).Stop()
	return c.Conn.Write(b)
}

// SetDeadline shortens the time that pgx gives a connection to end after a call on it was given up, because it keeps its place in
// the pool meanwhile. pgx sets no other deadlines that lie ahead.
func (c impatient) SetDeadline(t time.Time) error {
	if most := time.Now().Add(farewell); t.After(most) {
		t = most
	}
	return c.Conn.SetDeadline(t)
}

func (c impatient) giveUp() {
	_ = c.Close() // whoever reads or writes gets an error
	c.fellSilent()
}
