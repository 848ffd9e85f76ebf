package desk

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxWords is how many different words of one nudge are looked up.
	maxWords = 200
	// maxWord is the longest word that may be a ticket's number or a chat's id, in bytes.
	maxWord = maxNumber
)

// wordsOf returns what may be the number of a ticket or the id of a chat in a text of whatever format, each once, in their order:
// words with a digit. It reads to the end of the text.
func wordsOf(text io.Reader) ([]string, error) {
	r := &wordReader{in: bufio.NewReader(text), seen: map[string]bool{}}
	for len(r.words) < maxWords {
		c, err := r.char()
		if err == io.EOF {
			r.endWord()
			return r.words, nil
		}
		if err != nil {
			return nil, err
		}
		r.add(c)
	}
	_, err := io.Copy(io.Discard, r.in)
	return r.words, err
}

// wordReader reads a text for its words.
type wordReader struct {
	in    *bufio.Reader
	word  []byte // as far as it is read; of one that is too long the beginning
	words []string
	seen  map[string]bool
}

// add goes on with a character.
func (r *wordReader) add(c byte) {
	switch {
	case !inWord(c):
		r.endWord()
	case len(r.word) <= maxWord:
		r.word = append(r.word, c)
	}
}

func inWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// endWord keeps the word that has ended, where it is one that counts.
func (r *wordReader) endWord() {
	word := strings.Trim(string(r.word), "_-")
	if bare := strings.TrimLeft(string(r.word), "_"); strings.HasPrefix(bare, "-") && isNumber(word) {
		word = "-" + word // the id of a group
	}
	if len(r.word) <= maxWord && strings.ContainsAny(word, "0123456789") && !r.seen[word] {
		r.seen[word] = true
		r.words = append(r.words, word)
	}
	r.word = r.word[:0]
}

func isNumber(word string) bool {
	_, err := strconv.ParseUint(word, 10, 63)
	return err == nil
}

// char returns the next character. Escapes of JSON and of web addresses are undone, also where one text stands inside another.
// What is not ASCII belongs to no word and may be any other character that does not.
func (r *wordReader) char() (byte, error) {
	c, err := r.in.ReadByte()
	switch {
	case err == nil && c == '\\':
		return r.afterBackslash()
	case err == nil && c == '%':
		return r.afterPercent(), nil
	}
	return c, err
}

// afterBackslash reads an escape of JSON: of line breaks and the like, of a code, or of the character itself.
func (r *wordReader) afterBackslash() (byte, error) {
	c := byte('\\')
	for err := error(nil); c == '\\'; { // several where texts are nested
		if c, err = r.in.ReadByte(); err != nil {
			return 0, err
		}
	}
	switch c {
	case 'n', 'r', 't', 'b', 'f':
		return ' ', nil
	case 'u':
		return r.code(4), nil
	}
	return c, nil
}

// afterPercent reads an escape of web addresses and forms.
func (r *wordReader) afterPercent() byte {
	c := byte('%')
	for c == '%' { // several where texts are nested
		digits, _ := r.in.Peek(2)
		if _, err := strconv.ParseUint(string(digits), 16, 8); err != nil || len(digits) < 2 {
			return c
		}
		c = r.code(2)
	}
	return c
}

// code reads the hexadecimal number of a character.
func (r *wordReader) code(digits int) byte {
	text, _ := r.in.Peek(digits)
	value, err := strconv.ParseUint(string(text), 16, 32)
	if err != nil || value >= utf8.RuneSelf {
		value = ' '
	}
	_, _ = r.in.Discard(len(text)) // they are there
	return byte(value)
}
