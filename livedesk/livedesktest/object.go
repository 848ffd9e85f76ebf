package livedesktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// object reads a JSON object field by field and collects what is wrong with it. Unlike decoding into a struct, it
// refuses a name in another case and distinguishes null from a missing field. Faults name fields, never values.
type object struct {
	path   string
	fields map[string]any // not yet read
	faults *[]string
}

func readAll(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	return io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
}

// parse turns the body of c into an object.
func parse(c *call) (object, error) {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](c.readErr); tooLarge {
		return object{}, refusal{http.StatusRequestEntityTooLarge, codeParameter, "body too large"}
	}
	if c.readErr != nil {
		return object{}, refusal{http.StatusBadRequest, codeSyntax, "body incomplete"}
	}
	kind, _, err := mime.ParseMediaType(c.request.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return object{}, refusal{http.StatusUnsupportedMediaType, codeSyntax, "Content-Type must be application/json"}
	}
	decoder := json.NewDecoder(bytes.NewReader(c.body))
	decoder.UseNumber()
	var fields map[string]any
	if !utf8.Valid(c.body) || decoder.Decode(&fields) != nil || fields == nil {
		return object{}, refusal{http.StatusBadRequest, codeSyntax, "body must be a JSON object in UTF-8"}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return object{}, refusal{http.StatusBadRequest, codeSyntax, "something follows the JSON object"}
	}
	return object{fields: fields, faults: new([]string)}, nil
}

func (o object) fault(key, text string) {
	*o.faults = append(*o.faults, o.path+key+" "+text)
}

// err returns all faults of the body as one refusal, or nil. It is called when every known field has been read.
func (o object) err() error {
	o.end()
	if len(*o.faults) == 0 {
		return nil
	}
	slices.Sort(*o.faults)
	return refusal{http.StatusBadRequest, codeParameter, strings.Join(*o.faults, "; ")}
}

// end adds a fault for every field that has not been read: the API does not know it.
func (o object) end() {
	for key := range o.fields {
		o.fault(key, "is unknown")
	}
}

func (o object) take(key string) (any, bool) {
	value, ok := o.fields[key]
	delete(o.fields, key)
	return value, ok
}

// text reads an optional text.
func (o object) text(key string) (string, bool) {
	value, ok := o.take(key)
	if !ok {
		return "", false
	}
	text, ok := value.(string)
	if !ok {
		o.fault(key, "must be text")
	}
	return text, ok
}

// id reads an optional text that cannot be empty.
func (o object) id(key string) string {
	text, ok := o.text(key)
	if ok && strings.TrimSpace(text) == "" {
		o.fault(key, "is empty")
	}
	return text
}

// present reads a text that must be there.
func (o object) present(key string) string {
	o.demand(key)
	text, _ := o.text(key)
	return text
}

// required reads a text that must be there and not empty.
func (o object) required(key string) string {
	o.demand(key)
	return o.id(key)
}

func (o object) demand(key string) {
	if _, ok := o.fields[key]; !ok {
		o.fault(key, "is missing")
	}
}

// choice reads an optional text that must be one of words.
func (o object) choice(key string, words ...string) (string, bool) {
	text, ok := o.text(key)
	if ok && !slices.Contains(words, text) {
		o.fault(key, "is none of "+strings.Join(words, ", "))
	}
	return text, ok
}

// child reads an optional object.
func (o object) child(key string) (object, bool) {
	value, ok := o.take(key)
	if !ok {
		return object{}, false
	}
	return o.sub(key, value)
}

func (o object) sub(key string, value any) (object, bool) {
	fields, ok := value.(map[string]any)
	if !ok {
		o.fault(key, "must be an object")
	}
	return object{path: o.path + key + ".", fields: fields, faults: o.faults}, ok
}

// list reads an optional list.
func (o object) list(key string) ([]any, bool) {
	value, ok := o.take(key)
	if !ok {
		return nil, false
	}
	list, ok := value.([]any)
	if !ok {
		o.fault(key, "must be a list")
	}
	return list, ok
}

// children reads an optional list of objects, each with read.
func (o object) children(key string, read func(object)) bool {
	list, ok := o.list(key)
	for _, value := range list {
		if child, ok := o.sub(key+"[]", value); ok {
			read(child)
			child.end()
		}
	}
	return ok
}

// attachments reads a list of {"file_url":...}.
func (o object) attachments() (urls []string, ok bool) {
	ok = o.children("attachments", func(file object) {
		address := file.required("file_url")
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			file.fault("file_url", "is no complete address")
		}
		urls = append(urls, address)
	})
	return urls, ok
}

// newFields reads an object whose values are texts, numbers or truth values.
func (o object) newFields() (map[string]any, bool) {
	fields, ok := o.child("custom_fields")
	for key, value := range fields.fields {
		switch value.(type) {
		case string, json.Number, bool:
		default:
			fields.fault(key, "must be text, a number or a truth value")
		}
	}
	return fields.fields, ok
}

// customFields reads an object with any values: what agents have set comes back as it was read.
func (o object) customFields() (map[string]any, bool) {
	fields, ok := o.child("custom_fields")
	return fields.fields, ok
}

// tags reads an optional list of texts.
func (o object) tags() (tags []string, ok bool) {
	list, ok := o.list("tags")
	for _, value := range list {
		tag, isText := value.(string)
		if !isText || tag == "" {
			o.fault("tags[]", "must be text")
		}
		tags = append(tags, tag)
	}
	return tags, ok
}
