@file:JvmName("Repos")

package org.example.repo

import kotlinx.coroutines.flow.Flow

const val PAGE_SIZE = 20
typealias Mapper<T> = (String) -> T

/** Reads and writes. */
interface Repository<T : Any> {
    val name: String
    suspend fun find(id: Long): T?
    fun all(): Flow<T> = emptyFlow()
}

@Entity(tableName = "users")
data class User(
    val id: Long,
    var nick: String = "",
) {
    val display: String
        get() = nick.ifEmpty { "#$id" }

    companion object {
        const val ANONYMOUS = "anonymous"

        @JvmStatic
        fun guest() = User(0)
    }
}

sealed class Result<out T> {
    data class Ok<T>(val value: T) : Result<T>()
    object Pending : Result<Nothing>()
}

enum class Role(val level: Int) {
    GUEST(0),
    ADMIN(9) {
        override fun can(action: String) = true
    };

    open fun can(action: String): Boolean = level > 0
}

class UserRepository(private val api: Api) : Repository<User> {
    override val name by lazy { "users" }

    init {
        require(name.isNotEmpty())
    }

    constructor(url: String) : this(Api(url))

    override suspend fun find(id: Long): User? {
        fun cached() = cache[id]
        return cached() ?: api.get(id)
    }

    operator fun get(id: Long) = cache.getValue(id)
    private inline fun <reified R> decode(text: String): R = Json.decode(text)
}

fun String.toUser(): User = User(0, this)

object Registry {
    private val all = mutableListOf<Repository<*>>()
    fun register(repository: Repository<*>) {
        all += repository
    }
}
