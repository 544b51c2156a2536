{-# LANGUAGE X #-}
module A.B (f) where
import Data.List
-- | doc
f :: Int -> Int
f 0 = 1
f n | n > 1 = g n
    | otherwise = 2
  where g x = x
        h = 3
data T a = A { fa :: Int, fb :: a } | B Int deriving (Show)
newtype N = N { unN :: Int }
class Eq a => C a where
  m :: a -> a
  m = id
  type As a
instance C Int where
  m x = x
instance Show a => Show (T a) where
  show _ = ""
type S = String
x |> y = y x
infixl 1 |>
data G where
  G1 :: Int -> G
pattern P x = Just x
type family F a where
  F Int = Bool
main :: IO ()
main = do
  let loc = 1
  print loc
