package livedesk

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// object is a JSON object whose fields may have any type. Its methods return the zero value for a field that is
// missing or cannot be read as asked, and work on a nil object. Numbers are json.Number, so that ids keep all digits.
type object map[string]any

// readObject reads a JSON object up to the end of r.
func readObject(r io.Reader) (object, error) {
	decoder := json.NewDecoder(r)
	decoder.UseNumber()
	var o object
	if err := decoder.Decode(&o); err != nil {
		return nil, err
	}
	if o == nil {
		return nil, errors.New("null instead of an object")
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("more than one object")
	}
	return o, nil
}

// code returns the field of that name as text, "0" for every way to write zero, "" if there is none.
func (o object) code() string {
	code := strings.TrimSpace(o.text("code"))
	if n, err := strconv.ParseFloat(code, 64); err == nil && n == 0 {
		return "0"
	}
	return code
}

func (o object) object(key string) object {
	inner, _ := fields(o[key])
	return inner
}

// fields reads a value that should be an object.
func fields(v any) (object, bool) {
	o, ok := v.(map[string]any)
	return o, ok
}

func (o object) list(key string) []any {
	list, _ := o[key].([]any)
	return list
}

func (o object) text(key string) string { return text(o[key]) }

// text reads a string, or a number as it is written.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// flag reads a boolean, written as such or as a word.
func (o object) flag(key string) bool {
	b, _ := o[key].(bool)
	return b || strings.EqualFold(o.text(key), "true")
}

// number reads a whole number, written as a number or a string; fractions are cut.
func (o object) number(key string) int64 {
	written := strings.TrimSpace(o.text(key))
	if n, err := strconv.ParseInt(written, 10, 64); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(written, 64)
	if err != nil || !(math.Abs(f) < 1<<53) {
		return 0
	}
	return int64(f)
}

var timeLayouts = []string{
	time.RFC3339, // with or without fractions of a second, as all of these
	"2006-01-02T15:04:05Z0700",
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05 -0700",
	"2006-01-02 15:04:05 UTC",
	time.DateTime,
}

// time reads a time in UTC: ISO 8601 with or without zone (UTC then), or Unix seconds or milliseconds as a number or a
// string. Anything else, and what lies outside the years 1 to 9999, is the zero time.
func (o object) time(key string) time.Time {
	written := strings.TrimSpace(o.text(key))
	at := time.Time{}
	if n, err := strconv.ParseFloat(written, 64); err == nil {
		at = unix(n)
	} else {
		for _, layout := range timeLayouts {
			if at, err = time.Parse(layout, written); err == nil {
				break
			}
		}
	}
	if at = at.UTC(); at.Year() < 1 || at.Year() > 9999 {
		return time.Time{}
	}
	return at
}

// unix takes numbers from 1e11 on for milliseconds: as such they begin in 1973, as seconds in the year 5138.
func unix(n float64) time.Time {
	if n < 1e11 {
		n *= 1000
	}
	if !(n > 0 && n < 1e15) {
		return time.Time{}
	}
	return time.UnixMilli(int64(math.Round(n)))
}

// each reads the elements of a list and leaves out those that cannot be read.
func each[T any](list []any, read func(any) (T, bool)) []T {
	var all []T
	for _, v := range list {
		if t, ok := read(v); ok {
			all = append(all, t)
		}
	}
	return all
}
