variable "name" {
  description = "Prefix of every name, such as booksales-dev."
  type        = string
}
