package service

import (
	"net/http"
	"net/url"
	"testing"
)

// httpPost posts a form of one field and returns the status of the answer.
func httpPost(t *testing.T, address, field, value string) (int, error) {
	t.Helper()
	res, err := http.PostForm(address, url.Values{field: {value}})
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}
