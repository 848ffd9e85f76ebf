package desk

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"os"
)

// maxNudge bounds the body of a nudge.
const maxNudge = 1 << 20

// ServeHTTP takes a nudge: a POST of anything to the path whose last part is the secret. It answers before anything is looked up.
func (n *nudges) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status := n.take(w, r)
	n.metrics.requested(status)
	switch status {
	case http.StatusOK:
		return
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	}
	http.Error(w, http.StatusText(status), status)
}

func (n *nudges) take(w http.ResponseWriter, r *http.Request) (status int) {
	switch {
	case !n.knows(r.PathValue("secret")):
		return http.StatusNotFound
	case r.Method != http.MethodPost:
		return http.StatusMethodNotAllowed
	}
	words, err := wordsOf(http.MaxBytesReader(w, r.Body, maxNudge))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return http.StatusRequestEntityTooLarge
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout
	case err != nil:
		return http.StatusBadRequest
	}
	n.keep(words)
	return http.StatusOK
}

// knows compares a secret with ours in a time that tells nothing about ours, not even its length.
func (n *nudges) knows(secret string) bool {
	got, want := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(n.secret))
	return n.secret != "" && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}
