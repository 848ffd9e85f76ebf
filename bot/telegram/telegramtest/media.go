package telegramtest

import (
	"fmt"
	"strings"
)

// maxPhoto is the largest photo in bytes that a bot may send.
const maxPhoto = 10 << 20

// sendMedia is sendPhoto, sendDocument and their like: the method's name tells the kind.
func (s *Server) sendMedia(c *call) (any, error) { return s.send(c, s.postMedia) }

func (s *Server) postMedia(c *call) (*Message, error) {
	kind := Kind(strings.ToLower(strings.TrimPrefix(c.method.name, "send")))
	caption, err := s.content(c, "caption", "caption_entities", maxCaption)
	if err != nil {
		return nil, err
	}
	what, right := kind.right()
	m, err := s.draft(c, what, right)
	if err != nil {
		return nil, err
	}
	if m.File, err = s.sentFile(c, kind, string(kind)); err != nil {
		return nil, err
	}
	caption.Buttons = m.Buttons
	m.Content = caption
	return m.Chat.post(m), nil
}

// right is the right that sending a kind of file needs, and what Telegram calls such files where it is missing.
func (kind Kind) right() (what, right string) {
	switch kind {
	case Voice:
		return "voice notes", "can_send_voice_notes"
	case Audio:
		return "music", "can_send_audios"
	case Animation:
		return "animations", "can_send_other_messages"
	}
	return string(kind) + "s", "can_send_" + string(kind) + "s"
}

// sentFile finds the file that a parameter stands for: an upload of that name, attach:// and the name of an upload,
// the id of a file, or an address, which is noted but not fetched.
func (s *Server) sentFile(c *call, kind Kind, name string) (*File, error) {
	value := c.values[name]
	part, attached := strings.CutPrefix(value, "attach://")
	if !attached && value == "" {
		part = name
	}
	if up, ok := c.uploads[part]; ok {
		return s.uploaded(kind, up)
	}
	return s.referredFile(kind, value, attached)
}

func (s *Server) uploaded(kind Kind, up Upload) (*File, error) {
	switch {
	case up.Size == 0:
		return nil, badRequest("file must be non-empty")
	case kind == Photo && up.Size > maxPhoto:
		return nil, badRequest(fmt.Sprintf(
			"file of size %d bytes is too big for a photo; the maximum size is %d bytes", up.Size, maxPhoto))
	}
	return s.addFile(&File{Kind: kind, Name: up.Name, MIME: up.MIME, Size: up.Size, Upload: up}), nil
}

func (s *Server) referredFile(kind Kind, value string, attached bool) (*File, error) {
	if f, ok := s.files[value]; ok {
		if f.Kind != kind {
			return nil, badRequest(fmt.Sprintf("can't use file of type %s as %s", f.Kind, kind))
		}
		return f, nil
	}
	switch {
	case attached:
		return nil, badRequest("file attached by attach:// not found")
	case strings.HasPrefix(value, "http://"), strings.HasPrefix(value, "https://"):
		return s.addFile(&File{Kind: kind, URL: value}), nil
	}
	return nil, badRequest("wrong file identifier/HTTP URL specified")
}

// inputMedia is one part of an album: InputMediaPhoto, -Document, -Video or -Audio.
type inputMedia struct {
	Type         string   `json:"type"`
	Media        string   `json:"media"`
	Thumbnail    string   `json:"thumbnail"`
	Cover        string   `json:"cover"`
	Start        int      `json:"start_timestamp"`
	Caption      string   `json:"caption"`
	ParseMode    string   `json:"parse_mode"`
	Entities     []Entity `json:"caption_entities"`
	CaptionAbove bool     `json:"show_caption_above_media"`
	Spoiler      bool     `json:"has_spoiler"`
	NoDetection  bool     `json:"disable_content_type_detection"`
	Width        int      `json:"width"`
	Height       int      `json:"height"`
	Duration     int      `json:"duration"`
	Streaming    bool     `json:"supports_streaming"`
	Performer    string   `json:"performer"`
	Title        string   `json:"title"`
}

func (s *Server) sendMediaGroup(c *call) (any, error) {
	s.mu.Lock()
	sent, out, err := s.postGroup(c)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	for _, m := range sent {
		s.tell(m)
	}
	return out, nil
}

func (s *Server) postGroup(c *call) ([]*Message, []*wireMessage, error) {
	var parts []inputMedia
	if err := s.object(c, "media", &parts); err != nil {
		return nil, nil, err
	}
	if err := checkGroup(parts); err != nil {
		return nil, nil, err
	}
	what, right := Kind(parts[0].Type).right()
	first, err := s.draft(c, what, right)
	if err != nil {
		return nil, nil, err
	}
	s.nextFile++
	first.Album = fmt.Sprint(14_000_000_000_000_000 + s.nextFile)
	messages, err := s.groupParts(c, first, parts)
	if err != nil {
		return nil, nil, err
	}
	var out []*wireMessage
	for _, m := range messages {
		out = append(out, m.Chat.post(m).wire())
	}
	return messages, out, nil
}

// groupParts prepares all parts before the first is posted, so that a bad one prevents all.
func (s *Server) groupParts(c *call, first *Message, parts []inputMedia) ([]*Message, error) {
	var messages []*Message
	for _, part := range parts {
		m := *first
		kind := Kind(part.Type)
		one := &call{method: c.method, uploads: c.uploads, values: map[string]string{
			"media": part.Media, "caption": part.Caption, "parse_mode": part.ParseMode,
		}}
		var err error
		if m.File, err = s.sentFile(one, kind, "media"); err != nil {
			return nil, err
		}
		if m.Content, err = s.content(one, "caption", "caption_entities", maxCaption); err != nil {
			return nil, err
		}
		m.Entities = merge(s.knownUsers(part.Entities), m.Entities)
		messages = append(messages, &m)
	}
	return messages, nil
}

// checkGroup wants 2 to 10 parts, documents and audios not mixed with others.
// https://core.telegram.org/bots/api#sendmediagroup
func checkGroup(parts []inputMedia) error {
	if len(parts) < 2 || len(parts) > 10 {
		return badRequest("media group must include 2-10 items")
	}
	for _, part := range parts {
		switch Kind(part.Type) {
		case Photo, Video, Document, Audio:
		default:
			return badRequest("type of an input media must be photo, video, document or audio")
		}
		mixes := (part.Type == "photo" || part.Type == "video") && (parts[0].Type == "photo" || parts[0].Type == "video")
		if part.Type != parts[0].Type && !mixes {
			return badRequest(fmt.Sprintf("%s can't be mixed with other media types", part.Type))
		}
	}
	return nil
}
