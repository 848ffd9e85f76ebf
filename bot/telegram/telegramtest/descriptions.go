package telegramtest

import "cmp"

func (s *Server) getMyDescription(c *call) (any, error) {
	text, err := s.describedTo(c, false)
	return map[string]string{"description": text}, err
}

func (s *Server) getMyShortDescription(c *call) (any, error) {
	text, err := s.describedTo(c, true)
	return map[string]string{"short_description": text}, err
}

// describedTo is what people of a language read: where there is no text for them, the one without a language.
func (s *Server) describedTo(c *call, short bool) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	language := c.values["language_code"]
	if !languageCode.MatchString(language) {
		return "", badRequest("invalid language code specified")
	}
	return cmp.Or(s.about[aboutKey{short, language}], s.about[aboutKey{short, ""}]), nil
}
