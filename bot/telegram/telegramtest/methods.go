package telegramtest

import "strings"

// method is one call of the Bot API: what it takes and what answers it.
type method struct {
	name   string
	params map[string]param
	needed []string
	run    func(*Server, *call) (any, error)
}

// param is the type of a parameter.
type param string

const (
	text    param = "text"
	integer param = "int"    // 64 bits
	flag    param = "flag"   // true or false
	chatRef param = "chat"   // number or @username
	object  param = "object" // JSON, decoded strictly where it is used
	upload  param = "file"   // file, file id or URL
)

// What sending methods take. Parameters for features the package comment excludes are left out, so that using them is
// noticed.
const (
	sending   = "chat_id!:chat message_thread_id:int disable_notification:flag protect_content:flag reply_parameters:object "
	captioned = sending + "reply_markup:object caption:text parse_mode:text caption_entities:object "
	visual    = captioned + "show_caption_above_media:flag has_spoiler:flag "
	sized     = "duration:int width:int height:int thumbnail:file "
	editing   = "chat_id:chat message_id:int inline_message_id:text reply_markup:object "
)

// methods are the calls this server answers, by lower-case name.
var methods = table(
	newMethod("getMe", "", (*Server).getMe),
	newMethod("getUpdates", "offset:int limit:int timeout:int allowed_updates:object", (*Server).getUpdates),
	newMethod("setWebhook", "url!:text certificate:file ip_address:text max_connections:int allowed_updates:object "+
		"drop_pending_updates:flag secret_token:text", (*Server).setWebhook),
	newMethod("deleteWebhook", "drop_pending_updates:flag", (*Server).deleteWebhook),
	newMethod("getWebhookInfo", "", (*Server).getWebhookInfo),
	newMethod("sendMessage", sending+"text!:text parse_mode:text entities:object link_preview_options:object "+
		"reply_markup:object", (*Server).sendMessage),
	newMethod("editMessageText", editing+"text!:text parse_mode:text entities:object link_preview_options:object",
		(*Server).editMessageText),
	newMethod("editMessageReplyMarkup", editing, (*Server).editMessageReplyMarkup),
	newMethod("deleteMessage", "chat_id!:chat message_id!:int", (*Server).deleteMessage),
	newMethod("sendPhoto", visual+"photo!:file", (*Server).sendMedia),
	newMethod("sendDocument", captioned+"document!:file thumbnail:file disable_content_type_detection:flag",
		(*Server).sendMedia),
	newMethod("sendVideo", visual+sized+"video!:file cover:file start_timestamp:int supports_streaming:flag",
		(*Server).sendMedia),
	newMethod("sendAudio", captioned+"audio!:file duration:int performer:text title:text thumbnail:file",
		(*Server).sendMedia),
	newMethod("sendVoice", captioned+"voice!:file duration:int", (*Server).sendMedia),
	newMethod("sendAnimation", visual+sized+"animation!:file", (*Server).sendMedia),
	newMethod("sendMediaGroup", sending+"media!:object", (*Server).sendMediaGroup),
	newMethod("sendChatAction", "chat_id!:chat message_thread_id:int action!:text", (*Server).sendChatAction),
	newMethod("answerCallbackQuery", "callback_query_id!:text text:text show_alert:flag url:text cache_time:int",
		(*Server).answerCallbackQuery),
	newMethod("getChat", "chat_id!:chat", (*Server).getChat),
	newMethod("getChatMember", "chat_id!:chat user_id!:int", (*Server).getChatMember),
	newMethod("getChatAdministrators", "chat_id!:chat return_bots:flag", (*Server).getChatAdministrators),
	newMethod("setMyCommands", "commands!:object scope:object language_code:text", (*Server).setMyCommands),
	newMethod("getMyCommands", "scope:object language_code:text", (*Server).getMyCommands),
	newMethod("deleteMyCommands", "scope:object language_code:text", (*Server).deleteMyCommands),
	newMethod("setMyDescription", "description:text language_code:text", (*Server).setMyDescription),
	newMethod("setMyShortDescription", "short_description:text language_code:text", (*Server).setMyShortDescription),
	newMethod("getMyDescription", "language_code:text", (*Server).getMyDescription),
	newMethod("getMyShortDescription", "language_code:text", (*Server).getMyShortDescription),
	newMethod("getFile", "file_id!:text", (*Server).getFile),
	newMethod("setMessageReaction", "chat_id!:chat message_id!:int reaction:object is_big:flag",
		(*Server).setMessageReaction),
	newMethod("leaveChat", "chat_id!:chat", (*Server).leaveChat),
)

// newMethod reads a spec of "name:type" words, with ! behind the names that are required.
func newMethod(name, spec string, run func(*Server, *call) (any, error)) method {
	m := method{name: name, params: map[string]param{}, run: run}
	for word := range strings.FieldsSeq(spec) {
		key, kind, _ := strings.Cut(word, ":")
		key, needed := strings.CutSuffix(key, "!")
		m.params[key] = param(kind)
		if needed {
			m.needed = append(m.needed, key)
		}
	}
	return m
}

func table(all ...method) map[string]method {
	byName := map[string]method{}
	for _, m := range all {
		byName[strings.ToLower(m.name)] = m
	}
	return byName
}
