package livedesk

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// What an [Error] may be, for errors.Is.
var (
	// ErrNotFound: there is no such ticket.
	ErrNotFound = errors.New("livedesk: no such ticket")
	// ErrUnauthorized: the key pair is not accepted, or not for this.
	ErrUnauthorized = errors.New("livedesk: credentials not accepted")
	// ErrRateLimited: too many requests.
	ErrRateLimited = errors.New("livedesk: too many requests")
	// ErrNoUpload: this LiveDesk offers no upload, or not at this address. Check for it before the [Kind], which is
	// Refused where the upload is switched off and NotSent where the address takes none.
	ErrNoUpload = errors.New("livedesk: no upload offered")
)

// Kind says what a failed request means for LiveDesk's side.
type Kind int

const (
	// Unknown: the request may have taken effect, and nobody knows.
	Unknown Kind = iota
	// Refused: LiveDesk will never accept the request as it stands.
	Refused
	// NotSent: the request surely did not take effect, and may later.
	NotSent
)

func (k Kind) String() string {
	switch k {
	case Refused:
		return "refused"
	case NotSent:
		return "not sent"
	default:
		return "outcome unknown"
	}
}

// KindOf returns the kind of the [Error] in err's tree, and Unknown for every other error.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Unknown
}

// Error is the error of every method of [Client].
type Error struct {
	// Op is what was attempted, such as "create ticket".
	Op string

	Kind Kind

	// Status is the HTTP status of the answer, 0 without one.
	Status int

	// Code is the code in the body of the answer, if any.
	Code string

	// Message is LiveDesk's own explanation, or why the request was not even sent: one line of at most 300
	// characters, free of credentials, for people to read. It may quote the request.
	Message string

	// RetryAfter is the delay that LiveDesk asked for, at most an hour; 0 if it asked for none.
	RetryAfter time.Duration

	// Setup says that the credentials or the address are not accepted: nothing will work until an operator acts.
	Setup bool

	// Single says that the failure may be about this one request: something answered it, LiveDesk or a firewall before it, and
	// may take others. It is never so where a delay was asked for.
	Single bool

	// Err is the cause where the failure is not LiveDesk's statement: of the transport, of the context, of reading.
	Err error

	is error // the sentinel that this error is, or nil
}

// Error leaves Message out: it may quote what a customer wrote, and errors end up in logs.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Op, e.Kind)
	if e.Status != 0 {
		fmt.Fprintf(&b, ": status %d", e.Status)
	}
	if e.Code != "" {
		fmt.Fprintf(&b, ", code %s", e.Code)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the sentinel, such as [ErrNotFound], that describes the error.
func (e *Error) Is(target error) bool { return e.is != nil && e.is == target }

// refused is the error for a request that is not worth sending.
func refused(op operation, reason error) *Error {
	return &Error{Op: string(op), Kind: Refused, Message: reason.Error(), Err: reason}
}
