#include "lb/kubernetes/json_writer.h"

#include <cstddef>
#include <utility>

#include "fmt/format.h"
#include "lb/base/check.h"

namespace lb::kubernetes {
namespace {

using config::YamlNode;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes the digits at `at`; false if there is none.
bool SkipDigits(std::string_view text, size_t* at) {
  const size_t begin = *at;
  while (*at < text.size() && IsDigit(text[*at])) ++*at;
  return *at > begin;
}

// The grammar of RFC 8259, section 6.
bool IsNumber(std::string_view text) {
  size_t at = text.starts_with('-') ? 1 : 0;
  const bool has_leading_zero = text.substr(at).starts_with('0');
  const size_t begin = at;
  if (!SkipDigits(text, &at)) return false;
  if (has_leading_zero && at - begin > 1) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!SkipDigits(text, &at)) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (!SkipDigits(text, &at)) return false;
  }
  return at == text.size();
}

bool IsContinuation(std::string_view text, size_t at) {
  return at < text.size() && (text[at] & 0xc0) == 0x80;
}

// The length of the character that begins at `at`; 0: it is no valid UTF-8
// (RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF).
size_t CharacterSize(std::string_view text, size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const auto second =
      static_cast<unsigned char>(at + 1 < text.size() ? text[at + 1] : '\0');
  size_t size = 0;
  if (first < 0x80) {
    size = 1;
  } else if (first >= 0xc2 && first <= 0xdf) {
    size = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    if (first == 0xe0 && second < 0xa0) return 0;
    if (first == 0xed && second > 0x9f) return 0;
    size = 3;
  } else if (first >= 0xf0 && first <= 0xf4) {
    if (first == 0xf0 && second < 0x90) return 0;
    if (first == 0xf4 && second > 0x8f) return 0;
    size = 4;
  }
  for (size_t i = 1; i < size; ++i) {
    if (!IsContinuation(text, at + i)) return 0;
  }
  return size;
}

}  // namespace

JsonWriter& JsonWriter::BeginMap() {
  Begin('{', Place::kKeyFirst);
  return *this;
}

JsonWriter& JsonWriter::EndMap() {
  End('}', Place::kKeyFirst, Place::kKey);
  return *this;
}

JsonWriter& JsonWriter::BeginList() {
  Begin('[', Place::kListFirst);
  return *this;
}

JsonWriter& JsonWriter::EndList() {
  End(']', Place::kListFirst, Place::kList);
  return *this;
}

JsonWriter& JsonWriter::Key(std::string_view key) {
  Place& place = places_.back();
  LB_CHECK(place == Place::kKeyFirst || place == Place::kKey);
  if (place == Place::kKey) text_ += ',';
  place = Place::kValue;
  AppendQuoted(key);
  text_ += ':';
  return *this;
}

JsonWriter& JsonWriter::Text(std::string_view text) {
  BeforeValue();
  AppendQuoted(text);
  return *this;
}

JsonWriter& JsonWriter::Number(int64_t number) {
  BeforeValue();
  text_ += fmt::format("{}", number);
  return *this;
}

JsonWriter& JsonWriter::Bool(bool value) {
  BeforeValue();
  text_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::Null() {
  BeforeValue();
  text_ += "null";
  return *this;
}

JsonWriter& JsonWriter::Tree(const YamlNode& tree) {
  switch (tree.kind) {
    case YamlNode::Kind::kNull:
      return Null();
    case YamlNode::Kind::kScalar:
      if (!tree.plain) return Text(tree.text);
      if (tree.text == "true" || tree.text == "false") {
        return Bool(tree.text == "true");
      }
      if (!IsNumber(tree.text)) return Text(tree.text);
      BeforeValue();
      text_ += tree.text;
      return *this;
    case YamlNode::Kind::kSequence:
      BeginList();
      for (const YamlNode& child : tree.children) Tree(child);
      return EndList();
    case YamlNode::Kind::kMap:
      BeginMap();
      for (const YamlNode& child : tree.children) {
        if (tree.Find(child.key) == &child) Key(child.key).Tree(child);
      }
      return EndMap();
  }
  LB_UNREACHABLE();
}

std::string JsonWriter::Finish() && {
  LB_CHECK(places_.size() == 1 && places_.back() == Place::kDone);
  return std::move(text_);
}

void JsonWriter::BeforeValue() {
  Place& place = places_.back();
  switch (place) {
    case Place::kTop:
      place = Place::kDone;
      return;
    case Place::kListFirst:
      place = Place::kList;
      return;
    case Place::kList:
      text_ += ',';
      return;
    case Place::kValue:
      place = Place::kKey;
      return;
    case Place::kDone:
    case Place::kKeyFirst:
    case Place::kKey:
      LB_CHECK(!"a value may come here");
  }
}

void JsonWriter::Begin(char bracket, Place inside) {
  BeforeValue();
  text_ += bracket;
  places_.push_back(inside);
}

void JsonWriter::End(char bracket, Place first, Place later) {
  LB_CHECK(places_.back() == first || places_.back() == later);
  places_.pop_back();
  text_ += bracket;
}

void JsonWriter::AppendQuoted(std::string_view text) {
  text_ += '"';
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
      ++at;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      text_ += fmt::format("\\u{:04x}", static_cast<int>(c));
      ++at;
    } else if (const size_t size = CharacterSize(text, at); size > 0) {
      text_ += text.substr(at, size);
      at += size;
    } else {
      text_ += "\xef\xbf\xbd";
      ++at;
    }
  }
  text_ += '"';
}

std::string JsonText(const YamlNode& tree) {
  JsonWriter json;
  json.Tree(tree);
  return std::move(json).Finish();
}

}  // namespace lb::kubernetes
