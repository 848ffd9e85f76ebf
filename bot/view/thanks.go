package view

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What people write to say thank you, or that they have read something, in every language. It asks for nothing. Lower case, without
// punctuation marks.
var (
	thanks = []string{
		"thanks", "thank you", "thank u", "thanks a lot", "thanks so much", "thank you so much", "thank you very much", "many thanks",
		"thx", "thanx", "tnx", "tks", "ty", "tysm", "cheers", "❤", "♥", "🙏", "🤝", "😊", "🙂", "☺",
		"ありがとう", "ありがとうございます", "ありがとうございました", "どうもありがとう", "どうもありがとうございます", "どうも", "感謝します", "助かりました",
		"danke", "danke schön", "dankeschön", "danke sehr", "danke dir", "danke ihnen", "vielen dank", "besten dank", "herzlichen dank",
		"谢谢", "谢谢你", "谢谢您", "谢谢啦", "谢了", "多谢", "感谢", "非常感谢", "十分感谢",
		"謝謝", "謝謝你", "謝謝您", "謝謝啦", "謝了", "多謝", "感謝", "非常感謝", "十分感謝", "感恩",
		"merci", "merci beaucoup", "merci bien", "merci à vous", "merci infiniment", "un grand merci", "mille mercis",
		"gracias", "muchas gracias", "muchísimas gracias", "muchisimas gracias", "mil gracias",
		"terima kasih", "terimakasih", "terima kasih banyak", "makasih", "makasih banyak", "trims",
		"ขอบคุณ", "ขอบคุณครับ", "ขอบคุณค่ะ", "ขอบคุณคะ", "ขอบคุณมาก", "ขอบคุณมากครับ", "ขอบคุณมากค่ะ", "ขอบใจ",
	}
	agreement = []string{
		"ok", "okay", "okey", "👍", "👌",
		"了解", "了解です", "了解しました", "承知しました", "わかりました", "分かりました", "オッケー",
		"alles klar", "好", "好的", "收到", "明白", "知道了", "d accord", "d’accord", "vale", "de acuerdo", "oke", "baik", "siap",
		"โอเค", "โอเคครับ", "โอเคค่ะ", "รับทราบ", "รับทราบครับ", "รับทราบค่ะ",
	}
	courtesies = slices.Concat(thanks, agreement)
)

// maxThanks is the longest text, in bytes, that may be nothing but thanks.
const maxThanks = 150

// IsThanks reports whether a text says thank you or that it was read, in any language, and nothing else. Letter case, punctuation and
// repetition do not count.
func IsThanks(text string) bool { return consistsOf(text, courtesies) }

// IsAgreement reports whether a text that IsThanks says no thanks. It may then be the answer to a question.
func IsAgreement(text string) bool { return consistsOf(text, agreement) }

// consistsOf reports whether a text is some of the given phrases and nothing else.
func consistsOf(text string, phrases []string) bool {
	if len(text) > maxThanks {
		return false
	}
	rest := strings.TrimSpace(strings.Map(plainRune, strings.ToLower(text)))
	if rest == "" {
		return false
	}
	for rest != "" {
		n := longestPhrase(rest, phrases)
		if n == 0 {
			return false
		}
		rest = strings.TrimSpace(rest[n:])
	}
	return true
}

// plainRune makes a space of punctuation, and leaves out the variants of emoji.
func plainRune(r rune) rune {
	switch {
	case r == '\ufe0e', r == '\ufe0f', r >= '\U0001f3fb' && r <= '\U0001f3ff':
		return -1
	case unicode.IsPunct(r) && r != '’', unicode.IsSpace(r), r == '~', r == '～', r == '^':
		return ' '
	}
	return r
}

// longestPhrase is the length of the longest of the phrases that a text begins with. One in letters of an alphabet ends at the end
// of a word.
func longestPhrase(text string, phrases []string) int {
	longest := 0
	for _, p := range phrases {
		if len(p) <= longest || !strings.HasPrefix(text, p) {
			continue
		}
		last, _ := utf8.DecodeLastRuneInString(p)
		next, _ := utf8.DecodeRuneInString(text[len(p):])
		if unicode.Is(unicode.Latin, last) && (unicode.IsLetter(next) || unicode.IsDigit(next)) {
			continue
		}
		longest = len(p)
	}
	return longest
}
