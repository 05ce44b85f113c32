#include "tests/tidy/functions.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "fmt/format.h"
#include "tests/tidy/text.h"

namespace lb::tidy {
namespace {

enum class Block { kScope, kFunction, kInner };

// The code as one text, without preprocessor lines.
std::string JoinCode(const SourceFile& file) {
  std::vector<std::string> lines = file.code;
  bool continued = false;
  for (std::string& line : lines) {
    const bool directive = continued || Trim(line).starts_with("#");
    continued = directive && line.ends_with("\\");
    if (directive) line.clear();
  }
  return fmt::format("{}", fmt::join(lines, "\n"));
}

// Where the bracket at `open` closes, or the end.
size_t FindClose(std::string_view text, size_t open, char close) {
  int depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    if (text[i] == text[open]) ++depth;
    if (text[i] == close && --depth == 0) return i;
  }
  return text.size();
}

// `head` without the template<...> in front.
std::string_view SkipTemplate(std::string_view head) {
  head = Trim(head);
  while (head.starts_with("template")) {
    const size_t open = head.find('<');
    if (open == head.npos) break;
    const size_t close = FindClose(head, open, '>');
    head.remove_prefix(std::min(close + 1, head.size()));
    head = Trim(head);
  }
  return head;
}

// Takes `extern "C" {`, not `extern "C" int Function() {`.
bool OpensScope(std::string_view head) {
  if (head.starts_with("extern")) return !Contains(head, "(");
  for (const std::string_view word :
       {"namespace", "class", "struct", "union", "enum"}) {
    if (!head.starts_with(word)) continue;
    return head.size() == word.size() || !IsNamePart(head[word.size()]);
  }
  return false;
}

// The text between the parentheses of the parameters.
std::string_view ParameterText(std::string_view head) {
  size_t open = head.find('(');
  if (open == head.npos) return {};
  if (head.substr(0, open).ends_with("operator")) {  // operator()(...)
    if (head.substr(open).starts_with("()")) {
      open = head.find('(', open + 1);
      if (open == head.npos) return {};
    }
  }
  return head.substr(open + 1, FindClose(head, open, ')') - open - 1);
}

std::vector<std::string> SplitParameters(std::string_view text) {
  std::vector<std::string> parameters;
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ',';
    if (c == '(' || c == '<' || c == '{' || c == '[') ++depth;
    if (c == ')' || c == '>' || c == '}' || c == ']') --depth;
    if (c != ',' || (depth > 0 && i < text.size())) continue;
    const std::string_view parameter = Trim(text.substr(begin, i - begin));
    if (!parameter.empty()) parameters.emplace_back(parameter);
    begin = i + 1;
  }
  return parameters;
}

class Scanner {
 public:
  explicit Scanner(std::string text) : text_(std::move(text)) {}

  Functions Run() {
    for (at_ = 0; at_ < text_.size(); ++at_) Step(text_[at_]);
    result_.balanced = result_.balanced && blocks_.empty();
    return std::move(result_);
  }

 private:
  void Step(char c) {
    if (c == '(') ++parentheses_;
    if (c == ')') --parentheses_;
    if (c == '{') Open();
    if (c == '}') Close();
    if (c == ';' && parentheses_ == 0) head_ = at_ + 1;
    if (c == ':') SkipAccess();
  }

  std::string_view Head() const {
    return Trim(std::string_view(text_).substr(head_, at_ - head_));
  }

  // "public:" begins no declaration.
  void SkipAccess() {
    const std::string_view head = Head();
    if (head == "public" || head == "private" || head == "protected") {
      head_ = at_ + 1;
    }
  }

  void Open() {
    const Block block = Judge();
    if (block == Block::kFunction) Begin();
    blocks_.push_back(block);
    if (block != Block::kInner) head_ = at_ + 1;
  }

  Block Judge() const {
    if (!blocks_.empty() && blocks_.back() != Block::kScope) {
      return Block::kInner;
    }
    if (Continues()) return Block::kFunction;
    const std::string_view head = SkipTemplate(Head());
    if (OpensScope(head)) return Block::kScope;
    if (parentheses_ > 0 || head.find('(') == head.npos ||
        Contains("=,(", head.substr(head.size() - 1))) {
      return Block::kInner;
    }
    return Block::kFunction;
  }

  // After a brace in an initializer list: `: a_{1}, b_{2} {`.
  bool Continues() const {
    const std::string_view head = Head();
    return !result_.functions.empty() && (head.empty() || head[0] == ',');
  }

  void Begin() {
    if (Continues()) return;
    const size_t first = text_.find_first_not_of(" \n", head_);
    result_.functions.push_back(
        {.first_line = LineAt(first),
         .parameters = SplitParameters(ParameterText(SkipTemplate(Head())))});
  }

  void Close() {
    if (blocks_.empty()) {
      result_.balanced = false;
      return;
    }
    const Block block = blocks_.back();
    blocks_.pop_back();
    if (block == Block::kFunction) {
      result_.functions.back().last_line = LineAt(at_);
    }
    if (block != Block::kInner) head_ = at_ + 1;
  }

  int LineAt(size_t position) const {
    return 1 + static_cast<int>(std::count(
                   text_.begin(),
                   text_.begin() + static_cast<ptrdiff_t>(position), '\n'));
  }

  std::string text_;
  size_t at_ = 0;
  size_t head_ = 0;  // Where the present declaration begins.
  int parentheses_ = 0;
  std::vector<Block> blocks_;
  Functions result_;
};

}  // namespace

Functions FindFunctions(const SourceFile& file) {
  return Scanner(JoinCode(file)).Run();
}

}  // namespace lb::tidy
