#include "tests/tidy/phrases.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "tests/tidy/text.h"

namespace lb::tidy {
namespace {

enum class Place {
  kAnywhere,
  kFirst,             // The phrase begins a sentence.
  kFirstUnlessAsked,  // It begins a sentence that is not a question.
};

struct Phrase {
  std::string_view text;  // In lower case.
  Place place;
  std::string_view instead;
};

constexpr std::string_view kSubject =
    "begin the sentence with its subject: a node, a frame, a function";
constexpr std::string_view kThing = "write: no node, any host, each caller";

constexpr auto kPhrases = std::to_array<Phrase>({
    {"at the most", Place::kAnywhere, "write: at most"},
    {"at the least", Place::kAnywhere, "write: at least"},
    {"anew", Place::kAnywhere, "write: again"},
    {"mend", Place::kAnywhere, "write: repair, fix"},
    {"mends", Place::kAnywhere, "write: repairs, fixes"},
    {"mended", Place::kAnywhere, "write: repaired, fixed, resolved"},
    {"nobody", Place::kAnywhere, kThing},
    {"anybody", Place::kAnywhere, kThing},
    {"whoever", Place::kAnywhere, kThing},
    {"whomever", Place::kAnywhere, kThing},
    {"the one who", Place::kAnywhere, "a node is \"it\": the one that"},
    {"he", Place::kAnywhere, "a node is \"it\""},
    {"she", Place::kAnywhere, "a node is \"it\""},
    {"of", Place::kFirst, kSubject},
    {"as above", Place::kFirst, kSubject},
    {"who", Place::kFirstUnlessAsked, kSubject},
    {"whom", Place::kFirstUnlessAsked, kSubject},
    {"whose", Place::kFirstUnlessAsked, kSubject},
});

// Lines of prose that belong together, joined by spaces.
class Paragraph {
 public:
  void Add(std::string_view text, int line) {
    if (!text_.empty()) text_ += ' ';
    starts_.emplace_back(text_.size(), line);
    text_ += text;
  }

  void Clear() {
    text_.clear();
    starts_.clear();
  }

  // In lower case, with quoted parts as "xxx".
  std::string Prose() const {
    std::string prose = text_;
    char quote = 0;
    for (char& c : prose) {
      if (quote == 0 && (c == '`' || c == '"')) {
        quote = c;
      } else if (c == quote) {
        quote = 0;
      } else {
        c = quote != 0 ? 'x' : Lower(c);
      }
    }
    return prose;
  }

  int LineOf(size_t offset) const {
    int line = 0;
    for (const auto& [start, number] : starts_) {
      if (start <= offset) line = number;
    }
    return line;
  }

 private:
  static char Lower(char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }

  std::string text_;
  std::vector<std::pair<size_t, int>> starts_;  // Offset and line of each.
};

// "nobody-to-join" is a name, too.
bool IsWordPart(char c) { return IsNamePart(c) || c == '-'; }

bool IsWord(std::string_view prose, size_t at, size_t size) {
  return (at == 0 || !IsWordPart(prose[at - 1])) &&
         (at + size == prose.size() || !IsWordPart(prose[at + size]));
}

bool BeginsSentence(std::string_view prose, size_t at) {
  const std::string_view before = Trim(prose.substr(0, at));
  return before.empty() || (at > 0 && prose[at - 1] == ' ' &&
                            Contains(".?!", before.substr(before.size() - 1)));
}

bool IsQuestion(std::string_view prose, size_t at) {
  const size_t end = prose.find_first_of(".?!", at);
  return end != prose.npos && prose[end] == '?';
}

bool Applies(Place place, std::string_view prose, size_t at) {
  if (place == Place::kAnywhere) return true;
  if (!BeginsSentence(prose, at)) return false;
  return place == Place::kFirst || !IsQuestion(prose, at);
}

bool IsAllowed(std::string_view prose, size_t at) {
  return prose.substr(at).starts_with("of course");
}

// Reads a file line by line; a paragraph is checked when it ends.
class Reader {
 public:
  explicit Reader(std::string_view path) : path_(path) {}

  void AddToParagraph(std::string_view text, int line) {
    paragraph_.Add(text, line);
  }

  void AddAlone(std::string_view text, int line) {
    EndParagraph();
    paragraph_.Add(text, line);
    EndParagraph();
  }

  // A label is no sentence: a comment behind code, or a cell of a table.
  void AddLabel(std::string_view text, int line) {
    EndParagraph();
    paragraph_.Add(text, line);
    EndParagraph(/*is_label=*/true);
  }

  void EndParagraph(bool is_label = false) {
    const std::string prose = paragraph_.Prose();
    for (const Phrase& phrase : kPhrases) {
      if (is_label && phrase.place != Place::kAnywhere) continue;
      for (size_t at = prose.find(phrase.text); at != prose.npos;
           at = prose.find(phrase.text, at + 1)) {
        if (!IsWord(prose, at, phrase.text.size()) ||
            !Applies(phrase.place, prose, at) || IsAllowed(prose, at)) {
          continue;
        }
        findings_.push_back(
            {"phrase", std::string(path_), paragraph_.LineOf(at),
             fmt::format("\"{}\": {}", phrase.text, phrase.instead)});
      }
    }
    paragraph_.Clear();
  }

  std::vector<Finding> Finish() && {
    EndParagraph();
    return std::move(findings_);
  }

 private:
  std::string_view path_;
  Paragraph paragraph_;
  std::vector<Finding> findings_;
};

// Adds a comment; lines of it that are indented or empty stand alone.
void AddComment(std::string_view comment, bool is_trailing, int line,
                Reader& reader) {
  if (is_trailing) {
    reader.AddLabel(Trim(comment), line);
  } else if (comment.empty() || comment.starts_with("  ")) {
    reader.AddAlone(Trim(comment), line);
  } else {
    reader.AddToParagraph(Trim(comment), line);
  }
}

std::vector<Finding> CheckCode(std::string_view path, std::string_view text) {
  const SourceFile file = ParseSource(std::string(path), text);
  Reader reader(path);
  for (size_t i = 0; i < file.lines.size(); ++i) {
    const std::string_view line = file.lines[i];
    const size_t at = line.find("//");
    // In a literal the closing quote is code.
    if (at == line.npos ||
        !Trim(std::string_view(file.code[i]).substr(at)).empty()) {
      reader.EndParagraph();
      continue;
    }
    AddComment(line.substr(at + 2), !Trim(line.substr(0, at)).empty(),
               static_cast<int>(i) + 1, reader);
  }
  return std::move(reader).Finish();
}

std::vector<Finding> CheckScript(std::string_view path, std::string_view text) {
  Reader reader(path);
  int number = 0;
  for (const std::string& line : SplitLines(text)) {
    ++number;
    const std::string_view trimmed = Trim(line);
    const size_t trailing = line.find("  # ");
    if (trimmed.starts_with("#")) {
      AddComment(trimmed.substr(1), /*is_trailing=*/false, number, reader);
    } else if (trailing != line.npos) {
      AddComment(line.substr(trailing + 3), /*is_trailing=*/true, number,
                 reader);
    } else {
      reader.EndParagraph();
    }
  }
  return std::move(reader).Finish();
}

// A heading names its section, and may ask without a question mark.
std::vector<Finding> CheckPage(std::string_view path, std::string_view text) {
  Reader reader(path);
  int number = 0;
  bool is_code = false;
  for (const std::string& line : SplitLines(text)) {
    ++number;
    const std::string_view trimmed = Trim(line);
    const bool is_fence = trimmed.starts_with("```");
    if (is_fence) is_code = !is_code;
    if (is_fence || is_code || trimmed.empty() || trimmed.starts_with("#")) {
      reader.EndParagraph();
    } else if (trimmed.starts_with("|")) {
      for (std::string_view row = trimmed; !row.empty();) {
        reader.AddLabel(Trim(row.substr(0, row.find('|'))), number);
        row.remove_prefix(std::min(row.find('|'), row.size() - 1) + 1);
      }
    } else if (trimmed.starts_with("- ")) {
      reader.EndParagraph();
      reader.AddToParagraph(trimmed.substr(2), number);
    } else {
      reader.AddToParagraph(trimmed, number);
    }
  }
  return std::move(reader).Finish();
}

bool EndsWithOneOf(std::string_view path,
                   const std::vector<std::string_view>& extensions) {
  return std::any_of(
      extensions.begin(), extensions.end(),
      [&](std::string_view extension) { return path.ends_with(extension); });
}

bool IsCode(std::string_view path) {
  return EndsWithOneOf(path, {".h", ".cc", ".proto"});
}

bool IsScript(std::string_view path) {
  return EndsWithOneOf(path, {".sh", ".py", ".bazel", ".bzl"});
}

}  // namespace

bool HasProse(std::string_view path) {
  return IsCode(path) || IsScript(path) || path.ends_with(".md");
}

std::vector<Finding> CheckPhrases(std::string_view path,
                                  std::string_view text) {
  if (IsCode(path)) return CheckCode(path, text);
  if (IsScript(path)) return CheckScript(path, text);
  return CheckPage(path, text);
}

}  // namespace lb::tidy
