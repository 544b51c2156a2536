{-# LANGUAGE GADTs #-}

-- | A stack.
module Data.Stack
  ( Stack
  , push
  , pop
  ) where

import Data.List (foldl')
import qualified Data.Map.Strict as Map

-- | Last in, first out.
data Stack a
  = Empty
  | Cons { top :: a, rest :: Stack a }
  deriving (Eq, Show)

newtype Counter = Counter { unCounter :: Int }

type Name = String

-- | Things with a size.
class Sized f where
  size :: f a -> Int
  size _ = 0

instance Sized Stack where
  size Empty = 0
  size (Cons _ s) = 1 + size s

-- | Puts one on top.
push :: a -> Stack a -> Stack a
push = Cons

pop :: Stack a -> Maybe (a, Stack a)
pop Empty = Nothing
pop (Cons x xs) = Just (x, xs)

infixr 5 <:>
(<:>) :: a -> Stack a -> Stack a
x <:> s = push x s

total :: [Int] -> Int
total xs = go 0 xs
  where
    go acc [] = acc
    go acc (y : ys) = go (acc + y) ys

main :: IO ()
main = do
  let s = push 1 Empty
  print (size s)
