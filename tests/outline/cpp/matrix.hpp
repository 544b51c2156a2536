#pragma once
#include <vector>

namespace math {
namespace detail {
constexpr int kAlign = 16;
template <typename T>
inline T square(T value) { return value * value; }
}  // namespace detail

/// A dense matrix.
template <typename T, std::size_t N>
class MATH_EXPORT Matrix final : public Base<T>, private Storage {
 public:
  using value_type = T;
  enum class Order { Row, Column };

  Matrix() = default;
  explicit Matrix(std::size_t rows)
      : rows_(rows), data_(rows * N) {}
  Matrix(const Matrix&) = delete;
  virtual ~Matrix() noexcept;

  /// Element at a place.
  T& at(std::size_t row, std::size_t column) noexcept(false) {
    return data_[row * N + column];
  }
  T operator()(std::size_t row, std::size_t column) const;
  Matrix& operator+=(const Matrix& other);
  explicit operator bool() const { return !data_.empty(); }
  static Matrix identity();

  template <typename F>
  auto map(F&& f) const -> Matrix<decltype(f(T{})), N> {
    auto apply = [&](const T& x) { return f(x); };
    return {};
  }

  struct Iterator {
    T* pointer;
    T& operator*() const { return *pointer; }
    Iterator& operator++();
  };

 private:
  friend class Solver;
  std::size_t rows_ = 0;
  std::vector<T> data_;
};

template <typename T, std::size_t N>
Matrix<T, N>::~Matrix() noexcept {
  release();
}

template <typename T, std::size_t N>
Matrix<T, N>& Matrix<T, N>::operator+=(const Matrix& other) {
  return *this;
}

template <>
struct Traits<Matrix<float, 4>> {
  static const bool kSimd = true;
};

template <typename T>
concept Number = std::is_arithmetic_v<T>;

std::ostream& operator<<(std::ostream& stream, const Matrix<int, 2>& matrix);

extern "C" {
int math_version(void);
}
}  // namespace math

double math::dot(const std::vector<double>& a, const std::vector<double>& b) {
  return 0;
}
