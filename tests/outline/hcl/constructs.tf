terraform { required_version = "1" }
# Doc
resource "aws_s3_bucket" "b" {
  bucket = "x"
  lifecycle { a = 1 }
}
variable "v" { default = 1 }
locals { a = 1 }
module "m" { source = "./x" }
top = 1
