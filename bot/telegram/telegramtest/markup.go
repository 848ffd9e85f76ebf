package telegramtest

import "net/url"

// Button is an InlineKeyboardButton.
type Button struct {
	Text              string `json:"text"`
	IconCustomEmojiID string `json:"icon_custom_emoji_id,omitempty"`
	Style             string `json:"style,omitempty"`
	URL               string `json:"url,omitempty"`
	Data              string `json:"callback_data,omitempty"`
	WebApp            *struct {
		URL string `json:"url"`
	} `json:"web_app,omitempty"`
	SwitchInline     *string `json:"switch_inline_query,omitempty"`
	SwitchInlineHere *string `json:"switch_inline_query_current_chat,omitempty"`
	CopyText         *struct {
		Text string `json:"text"`
	} `json:"copy_text,omitempty"`
}

type keyboard struct {
	Rows [][]Button `json:"inline_keyboard"`
}

// replyMarkup is any of the four kinds a message can carry.
type replyMarkup struct {
	Inline      *[][]Button `json:"inline_keyboard"`
	Force       bool        `json:"force_reply"`
	Remove      bool        `json:"remove_keyboard"`
	Keyboard    [][]any     `json:"keyboard"`
	Persistent  bool        `json:"is_persistent"`
	Resize      bool        `json:"resize_keyboard"`
	OneTime     bool        `json:"one_time_keyboard"`
	Placeholder string      `json:"input_field_placeholder"`
	Selective   bool        `json:"selective"`
}

// maxData is the longest callback_data in bytes, maxButtons the most buttons of a message.
const (
	maxData    = 64
	maxButtons = 100
)

// markup reads reply_markup for a chat and refuses buttons Telegram would refuse.
func (s *Server) markup(c *call, ch *Chat) (replyMarkup, error) {
	var m replyMarkup
	if err := s.object(c, "reply_markup", &m); err != nil {
		return m, err
	}
	if s.opts.Old {
		if err := m.forget(s.opts.Strict); err != nil {
			return m, err
		}
	}
	count := 0
	for _, row := range m.buttons() {
		for _, b := range row {
			if err := b.check(ch); err != nil {
				return m, err
			}
			count++
		}
	}
	if count > maxButtons {
		return m, badRequest("REPLY_MARKUP_TOO_LONG")
	}
	return m, nil
}

// forget makes of a markup what an old server sees of it, or refuses it.
func (m *replyMarkup) forget(strict bool) error {
	unknown := m.Inline != nil && m.Force
	m.Force = m.Force && m.Inline == nil
	for _, row := range m.buttons() {
		for i := range row {
			b := &row[i]
			unknown = unknown || b.Style != "" || b.CopyText != nil
			b.Style, b.CopyText = "", nil
		}
	}
	if strict && unknown {
		return badRequest("can't parse inline keyboard button: unknown field")
	}
	return nil
}

// buttons are the rows that have any; Telegram drops empty ones.
func (m *replyMarkup) buttons() [][]Button {
	if m.Inline == nil {
		return nil
	}
	var rows [][]Button
	for _, row := range *m.Inline {
		if len(row) > 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

func (b Button) check(ch *Chat) error {
	actions := 0
	for _, has := range []bool{
		b.URL != "", b.Data != "", b.WebApp != nil, b.SwitchInline != nil, b.SwitchInlineHere != nil, b.CopyText != nil,
	} {
		if has {
			actions++
		}
	}
	switch {
	case b.Text == "":
		return badRequest("can't parse inline keyboard button: field \"text\" must be a non-empty String")
	case actions == 0:
		return badRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
	case actions > 1:
		return badRequest("can't parse inline keyboard button: only one action is allowed")
	case len(b.Data) > maxData:
		return badRequest("BUTTON_DATA_INVALID")
	case b.WebApp != nil && ch.kind != "private":
		return badRequest("BUTTON_TYPE_INVALID")
	case b.URL != "" && !isLink(b.URL):
		return badRequest("inline keyboard button URL '" + b.URL + "' is invalid: Wrong HTTP URL")
	}
	return nil
}

func isLink(s string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "http", "https":
		return u.Host != ""
	case "tg":
		return true
	}
	return false
}
